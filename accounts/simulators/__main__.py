"""All stand-ins in a process of their own:

python -m accounts.simulators --fd 5 --store FOLDER --mail FOLDER --webhooks URL
"""

import argparse
from pathlib import Path

from accounts.simulators import mail_folder
from accounts.simulators.server import Vendors, bound
from accounts.simulators.webhooks import over_http


def main() -> None:
    parser = argparse.ArgumentParser(prog="accounts.simulators")
    parser.add_argument("--fd", type=int, help="a listening socket that was handed over")
    parser.add_argument("--port", type=int, default=0, help="else a port of this machine")
    parser.add_argument("--store", type=Path, help="the folder where they keep what they know")
    parser.add_argument("--mail", type=Path, help="the folder where mails end up")
    parser.add_argument("--webhooks", help="where Stripe's events are sent to")
    given = parser.parse_args()
    deliver = mail_folder.into(given.mail) if given.mail else None
    vendors = Vendors(store=given.store, deliver=deliver)
    if given.webhooks:
        vendors.stripe.webhooks.send = over_http(given.webhooks)
        vendors.stripe.webhooks.start()
    bound(vendors, port=given.port, fd=given.fd).serve_forever()


if __name__ == "__main__":
    main()
