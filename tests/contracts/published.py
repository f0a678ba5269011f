"""The vendors' published documents, where they lie beside this checkout."""

import json
import re
import sys
from pathlib import Path

import pytest
import stripe

from accounts.simulators.contract import FORM, Contract

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "contracts"
FILES = {"stripe": "stripe", "resend": "resend", "supabase": "supabase-auth"}
needed = pytest.mark.skipif(
    not FOLDER.exists(), reason="the vendors' published documents are not beside this checkout"
)


def document(vendor):
    return json.loads((FOLDER / f"{FILES[vendor]}.openapi.json").read_text())


def samples(vendor):
    return json.loads((FOLDER / "error-samples.json").read_text())[vendor] if is_there() else []


def is_there():
    return FOLDER.exists()


def contract(vendor):
    """None without the documents: then nothing is checked, and the tests of this folder say so."""
    if not is_there():
        return None
    whole = document(vendor)
    if vendor == "resend":
        # Its page "Pagination" says so of the list of contacts too, the document of the others only.
        contacts = whole["components"]["schemas"]["ListContactsResponseSuccess"]
        contacts["properties"]["has_more"] = {"type": "boolean"}
    if vendor != "stripe":
        return Contract(whole)
    whole["paths"] |= what_the_sdk_declares()
    return Contract(whole, outside=("pay",))


def what_the_sdk_declares():
    """Operations that the extract of Stripe's document leaves out, as the SDK types them."""
    sessions, invoices, prices = "/v1/checkout/sessions", "/v1/invoices", "/v1/prices"
    name = "stripe.params"
    return {
        sessions: {
            "get": _operation(None, query=f"{name}.checkout._session_list_params"),
            "post": _operation(
                stripe.checkout.Session, body=f"{name}.checkout._session_create_params"
            ),
        },
        f"{sessions}/{{id}}/expire": {
            "post": _operation(
                stripe.checkout.Session, body=f"{name}.checkout._session_expire_params"
            )
        },
        f"{sessions}/{{id}}": {
            "get": _operation(
                stripe.checkout.Session, query=f"{name}.checkout._session_retrieve_params"
            )
        },
        invoices: {"get": _operation(None, query=f"{name}._invoice_list_params")},
        f"{invoices}/{{id}}": {
            "get": _operation(stripe.Invoice, query=f"{name}._invoice_retrieve_params")
        },
        prices: {"get": _operation(None, query=f"{name}._price_list_params")},
        f"{prices}/{{id}}": {
            "get": _operation(stripe.Price, query=f"{name}._price_retrieve_params")
        },
    }


def _operation(answer, *, body=None, query=None):
    fields = _declared(query) if query else {"properties": {}}
    operation = {
        "parameters": [
            {"name": name, "in": "query", "schema": schema}
            for name, schema in fields["properties"].items()
        ],
        "responses": {
            "200": {"content": {"application/json": {"schema": _shape(answer)}}},
            "default": {},
        },
    }
    if body:
        operation["requestBody"] = {"content": {FORM: {"schema": _declared(body)}}}
    return operation


def _shape(answer):
    """An answer names no field that the SDK doesn't know."""
    if answer is None:
        return {"type": "object"}
    names = {name for one in answer.__mro__ for name in getattr(one, "__annotations__", {})}
    properties = {name: {} for name in names}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _declared(module):
    """The TypedDict that a module is about, as a schema of names."""
    __import__(module)
    types = vars(sys.modules[module])
    wanted = module.rpartition("._")[2].replace("_", "")
    (top,) = (one for name, one in types.items() if name.lower() == wanted)
    return _schema(top, types)


def _schema(one, types):
    properties = {}
    for name, hint in one.__annotations__.items():
        inner = [types[word] for word in re.findall(r"\w+Params\w+", str(hint)) if word in types]
        is_list = bool(re.search(r"\b[Ll]ist\[", str(hint)))
        options = [_schema(each, types) for each in inner if hasattr(each, "__total__")]
        schema = {"anyOf": [*options, {"type": "string"}]} if options else {}
        properties[name] = {"type": "array", "items": schema} if is_list else schema
    return {"type": "object", "properties": properties, "additionalProperties": False}
