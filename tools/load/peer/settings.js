// Node-RED as it is shipped, without its editor, on the port and with the sink of the environment.
module.exports = {
  flowFile: `${__dirname}/flows.json`,
  httpAdminRoot: false,
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.PORT),
  apiMaxLength: "5mb",
  functionExternalModules: true,
  diagnostics: { enabled: false },
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: "info", metrics: false, audit: false } },
};
