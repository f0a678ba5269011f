"""The made-up account that the stand-ins keep at each vendor, and how the site is told of it."""

# Where each begins on the port that all of them share.
PLACES = {"stripe": "/stripe", "resend": "/resend", "supabase": "/supabase/auth/v1"}
STRIPE_KEY = "sk_test_everafter"
STRIPE_PRICE = "price_everafter_monthly"
WEBHOOK_SECRET = "whsec_everafter"
SENDING_KEY, CONTACTS_KEY = "re_sending", "re_everything"
SEGMENT = "5e6e57a1-0000-4000-8000-000000000001"
SERVICE_KEY = "service_everafter"


def configuration(url: str) -> dict[str, str]:
    """The site's settings, by their names in its environment.

    Args:
        url: of the server that the stand-ins share.
    """
    return {
        "STRIPE_API_KEY": STRIPE_KEY,
        "STRIPE_API_URL": f"{url}/stripe",
        "STRIPE_CHECKOUT_URL": url,
        "STRIPE_PRICE": STRIPE_PRICE,
        "STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRET,
        "RESEND_API_URL": f"{url}/resend",
        "RESEND_SENDING_KEY": SENDING_KEY,
        "RESEND_CONTACTS_KEY": CONTACTS_KEY,
        "RESEND_SEGMENT": SEGMENT,
        "SUPABASE_URL": f"{url}/supabase",
        "SUPABASE_SERVICE_KEY": SERVICE_KEY,
    }
