// Title, logo and color of the product. The color is used only where it can be read.

/** Put the product's name and color on the page. `color` is `#rrggbb` or null. */
export function applyBrand({ title, logo, color }, document) {
  document.getElementById("product").textContent = title;
  if (logo) {
    const image = document.getElementById("logo");
    image.addEventListener("error", () => { image.hidden = true; });
    image.src = logo;
    image.hidden = false;
  }
  if (!/^#[0-9a-f]{6}$/i.test(color || "")) return;
  const apply = () => applyColor(color, document);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
}

function applyColor(color, document) {
  const style = document.documentElement.style;
  style.setProperty("--brand", color);
  style.setProperty("--on-brand", textOn(color));
  // As the color of texts only if it can be read on the page and on the cards.
  style.removeProperty("--accent");
  const page = getComputedStyle(document.documentElement);
  const backgrounds = ["--back", "--raised"].map((name) => page.getPropertyValue(name).trim());
  if (backgrounds.every((background) => contrast(color, background) >= 4.5)) style.setProperty("--accent", color);
}

/** Return black or white, whichever can be read better: one of them has at least 4.58:1 on any color. */
export function textOn(color) {
  return contrast(color, "#000000") >= contrast(color, "#ffffff") ? "#000000" : "#ffffff";
}

/** Return the contrast ratio of two colors `#rrggbb`: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
