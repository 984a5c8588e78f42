"""`relayctl account`: where the other commands, and `make deploy`, would work."""

from relayctl.aws import Account
from relayctl.options import aws_options


@aws_options
def show_account(account: Account) -> None:
    """Print the AWS Region and account that the credentials choose, or what is missing.

    Exit codes: 0 AWS accepts the credentials, 1 it does not, or credentials or a Region are missing.
    """
    print(account.describe())
