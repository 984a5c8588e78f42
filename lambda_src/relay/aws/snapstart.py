"""Make the functions that are restored from one SnapStart snapshot differ.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

import random


def reseed_after_restore() -> None:
    """Give `random` a new state after each restore.

    Otherwise all of them would draw the same numbers, and botocore, which takes its pauses between attempts from
    `random`, would try again everywhere at the same moments.
    """
    try:
        from snapshot_restore_py import register_after_restore
    except ImportError:  # only AWS's own runtime has it
        return
    register_after_restore(random.seed)
