"""The API of document 001, endpoint by endpoint, with the client that openapi-python-client makes of openapi.yaml.

Each call is typed, and each answer parsed into the type that the specification names. At the end the endpoints that were called
are compared with the document's list, so that none is forgotten. What the generator leaves out (audio, CSV) goes by plain HTTP.
"""

import base64
import hmac
import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx
from call_docker_client import AuthenticatedClient, Client, models
from call_docker_client.api.analytics import get_agent_performance, get_calls_report, get_overview
from call_docker_client.api.agents import create_agent, list_agents, list_agents_of_company, set_agent_availability, update_agent
from call_docker_client.api.auth import get_profile, log_in, log_out, refresh_tokens, register, update_profile
from call_docker_client.api.calls import assign_call, create_call, get_call, list_calls, peek_next_call, update_call
from call_docker_client.api.companies import (
    close_company,
    create_company,
    get_company,
    get_company_settings,
    list_companies,
    update_company,
)
from call_docker_client.api.insights import get_insights
from call_docker_client.api.integrations import create_webhook, list_webhooks, rotate_incoming_secret
from call_docker_client.api.ivr import create_flow, delete_flow, get_flow, list_flows, publish_flow, update_flow
from call_docker_client.api.languages import list_languages
from call_docker_client.api.settings import get_preferences, get_system_settings, get_system_status, list_themes, update_preferences
from call_docker_client.api.users import create_user, list_users, list_users_of_company, remove_user, update_user
from call_docker_client.types import Response

SERVER = os.environ["CALLDOCKER_URL"]
PASSWORD = "calldocker-demo"

# Of document 001: method, and path with its parameters left out.
DOCUMENT = """
POST /api/auth/register
POST /api/auth/login
POST /api/auth/refresh
GET /api/auth/profile
PUT /api/auth/profile
POST /api/auth/logout
GET /api/users
GET /api/users/company/{}
POST /api/users
PUT /api/users/{}
DELETE /api/users/{}
GET /api/companies
GET /api/companies/{}
POST /api/companies
PUT /api/companies/{}
DELETE /api/companies/{}
GET /api/calls
GET /api/calls/{}
POST /api/calls
PUT /api/calls/{}
GET /api/calls/queue/next
POST /api/calls/{}/assign
GET /api/ivr
GET /api/ivr/{}
POST /api/ivr
PUT /api/ivr/{}
DELETE /api/ivr/{}
POST /api/ivr/{}/activate
GET /api/agents
GET /api/agents/company/{}
POST /api/agents
PUT /api/agents/{}
PUT /api/agents/{}/availability
GET /api/analytics/company/{}/overview
GET /api/analytics/company/{}/calls
GET /api/analytics/company/{}/agents/performance
GET /api/analytics/company/{}/insights
GET /api/analytics/company/{}/export
POST /api/webhooks/incoming/{}
POST /api/webhooks/twilio/{}
GET /api/webhooks/company/{}
POST /api/webhooks/company/{}
GET /health
GET /api/settings/system
GET /api/settings/system/status
GET /api/settings/company/{}
GET /api/settings/user/preferences
PUT /api/settings/user/preferences
GET /api/settings/themes
GET /api/settings/languages
"""

called: set[str] = set()
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def note(request: httpx.Request) -> None:
    called.add(f"{request.method} {ID.sub('{}', request.url.path)}")


def data(response: Response, status: int = 200):
    """What a success carries."""
    if response.status_code != status:
        sys.exit(f"{status} was expected, and {response.status_code} came: {response.content.decode()}")
    return response.parsed.data if hasattr(response.parsed, "data") else None


HOOKS = {"event_hooks": {"request": [note]}}
anybody = Client(base_url=SERVER, httpx_args=HOOKS)


def sign_in(email: str) -> tuple[AuthenticatedClient, models.SignedIn]:
    signed_in = data(log_in.sync_detailed(client=anybody, body=models.PasswordCredentialsInput(email=email, password=PASSWORD)))
    return AuthenticatedClient(base_url=SERVER, token=signed_in.token, httpx_args=HOOKS), signed_in


def auth() -> None:
    founder = models.RegistrationInput(email="founder@newco.test", password="a long password", name="Fay", company_name="Newco")
    assert register.sync_detailed(client=anybody, body=founder).status_code == 202
    client, signed_in = sign_in("agent1@acme.test")
    tokens = data(refresh_tokens.sync_detailed(client=anybody, body=models.RefreshInput(signed_in.refresh_token)))
    client = AuthenticatedClient(base_url=SERVER, token=tokens.token, httpx_args=HOOKS)
    profile = data(get_profile.sync_detailed(client=client))
    assert profile.email == "agent1@acme.test" and profile.role == models.Role.AGENT
    renamed = data(update_profile.sync_detailed(client=client, body=models.ProfileInput(name="Agent One")))
    assert renamed.name == "Agent One"
    data(log_out.sync_detailed(client=client))
    assert get_profile.sync_detailed(client=client).status_code == 401


def people(owner: AuthenticatedClient, admin: AuthenticatedClient, company_id) -> None:
    assert len(data(list_users.sync_detailed(client=admin, limit=100))) >= 17
    newcomer = models.NewUserInput(email="nora@acme.test", name="Nora", role=models.Role.AGENT)
    assert data(create_user.sync_detailed(client=owner, body=newcomer), 201).user.name == "Nora"
    users = data(list_users_of_company.sync_detailed(company_id, client=owner))
    leaving = next(user for user in users if user.email == "agent6@acme.test")
    data(update_user.sync_detailed(leaving.id, client=owner, body=models.UserInput(role=models.Role.MANAGER)))
    data(remove_user.sync_detailed(leaving.id, client=owner))
    assert leaving.id not in [user.id for user in data(list_users_of_company.sync_detailed(company_id, client=owner))]


def companies(owner: AuthenticatedClient, admin: AuthenticatedClient, company_id) -> None:
    assert len(data(list_companies.sync_detailed(client=admin))) >= 2
    assert list_companies.sync_detailed(client=owner).status_code == 403
    assert data(get_company.sync_detailed(company_id, client=owner)).id == company_id
    data(get_company_settings.sync_detailed(company_id, client=owner))
    data(update_company.sync_detailed(company_id, client=owner, body=models.CompanyInput(time_zone="America/New_York")))
    founded = models.NewCompanyInput(name="Shortlived", owner_email="owner@shortlived.test")
    company = data(create_company.sync_detailed(client=admin, body=founded), 201)
    made = company if hasattr(company, "id") else company.company
    there = AuthenticatedClient(base_url=SERVER, token=admin.token, headers={"X-Company-Id": str(made.id)}, httpx_args=HOOKS)
    data(close_company.sync_detailed(made.id, client=there, confirm="Shortlived"))


def analytics(owner: AuthenticatedClient, company_id) -> None:
    range_ = {"from_": datetime.now(UTC) - timedelta(days=1), "to": datetime.now(UTC) + timedelta(hours=1)}
    data(get_overview.sync_detailed(company_id, client=owner, **range_))
    data(get_calls_report.sync_detailed(company_id, client=owner, **range_))
    data(get_agent_performance.sync_detailed(company_id, client=owner, **range_))
    data(get_insights.sync_detailed(company_id, client=owner))
    # CSV, by plain HTTP.
    address = f"/api/analytics/company/{company_id}/export"
    rows = owner.get_httpx_client().get(address, params={"dataset": "calls", "format": "csv"}).raise_for_status().text.split("\r\n")
    assert rows[0].startswith("callId,") and len(rows) > 2, rows


def webhooks(owner: AuthenticatedClient, company_id) -> None:
    wish = models.WebhookInput(url="https://hooks.example.com/calls", events=[models.WebhookEventKind.CALL_ENDED])
    made = data(create_webhook.sync_detailed(company_id, client=owner, body=wish), 201)
    assert made.secret.startswith("whsec_")
    assert [hook.id for hook in data(list_webhooks.sync_detailed(company_id, client=owner))] == [made.id]
    # What other systems send is signed, so it is no part of a client.
    secret = data(rotate_incoming_secret.sync_detailed(company_id, client=owner)).secret
    body = json.dumps({"type": "contact.upsert", "data": {"number": "+12025550177", "name": "Ann"}})
    at = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"story-1.{at}.{body}".encode(), "sha256")).decode()
    headers = {"webhook-id": "story-1", "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
    plain = anybody.get_httpx_client()
    plain.post(f"/api/webhooks/incoming/{company_id}", content=body, headers=headers).raise_for_status()
    # What does not come from Twilio is refused; what does has carried the call above.
    assert plain.post(f"/api/webhooks/twilio/{company_id}", data={"CallSid": "CA0"}).status_code == 403


def settings(owner: AuthenticatedClient, admin: AuthenticatedClient) -> None:
    assert plain_status("/health") == 200
    data(get_system_settings.sync_detailed(client=admin))
    data(get_system_status.sync_detailed(client=admin))
    data(get_preferences.sync_detailed(client=owner))
    themes = data(list_themes.sync_detailed(client=owner))
    languages = data(list_languages.sync_detailed(client=anybody))
    assert themes and {"de", "en", "es", "fr"} <= {language.code for language in languages}
    data(update_preferences.sync_detailed(client=owner, body=models.PreferencesInput(language="de")))
    assert data(get_preferences.sync_detailed(client=owner)).language == "de"


def plain_status(path: str) -> int:
    return anybody.get_httpx_client().get(path).status_code


def agents(owner: AuthenticatedClient, company_id) -> None:
    everybody = data(list_agents.sync_detailed(client=owner))
    assert data(list_agents_of_company.sync_detailed(company_id, client=owner)) == everybody
    manager = next(
        user for user in data(list_users_of_company.sync_detailed(company_id, client=owner)) if user.email == "manager@acme.test"
    )
    made = data(create_agent.sync_detailed(client=owner, body=models.NewAgentInput(user_id=manager.id, capacity=1)), 201)
    data(update_agent.sync_detailed(made.id, client=owner, body=models.AgentInput(capacity=2)))
    status = models.AvailabilityInput(status=models.Availability.AVAILABLE)
    data(set_agent_availability.sync_detailed(everybody[0].id, client=owner, body=status))


def flows(owner: AuthenticatedClient) -> None:
    draft = data(get_flow.sync_detailed(data(list_flows.sync_detailed(client=owner))[0].id, client=owner)).draft
    flow = data(create_flow.sync_detailed(client=owner, body=models.NewFlowInput(name="Summer", draft=draft)), 201)
    data(update_flow.sync_detailed(flow.id, client=owner, body=models.FlowInput(name="Summer hours", draft=draft)))
    data(publish_flow.sync_detailed(flow.id, client=owner), 201)
    data(delete_flow.sync_detailed(flow.id, client=owner))


def calls(owner: AuthenticatedClient) -> None:
    caller = [os.environ["CALLDOCKER"], "call", "--to", "+12025550100", "--press", "1", "--wait", "2", "--hangup"]
    subprocess.run(caller, check=True, stdout=subprocess.DEVNULL)
    newest = data(list_calls.sync_detailed(client=owner, limit=1))[0]
    data(update_call.sync_detailed(newest.id, client=owner, body=models.CallPatchInput(notes="Wants an offer.")))
    assert data(get_call.sync_detailed(newest.id, client=owner)).notes == "Wants an offer."
    ended = datetime.now(UTC) - timedelta(minutes=10)
    elsewhere = models.ElsewhereInput(
        direction=models.CallKind.INBOUND,
        outcome=models.CallOutcome.ANSWERED,
        started_at=ended - timedelta(minutes=3),
        answered_at=ended - timedelta(minutes=2),
        ended_at=ended,
    )
    agent, signed_in = sign_in("agent2@acme.test")
    noted = models.CallInput(to="+12025550100", from_="+12025550199", agent_id=signed_in.user.agent_id, handled_elsewhere=elsewhere)
    data(create_call.sync_detailed(client=owner, body=noted), 201)
    assert peek_next_call.sync_detailed(client=agent).status_code == 204
    # The call is over: it is told so, and nothing is assigned.
    refused = assign_call.sync_detailed(newest.id, client=owner, body=models.AssignInput(agent_id=signed_in.user.agent_id))
    assert refused.status_code == 409, refused.content


def main() -> None:
    owner, signed_in = sign_in("owner@acme.test")
    admin, _ = sign_in("admin@calldocker.test")
    company_id = signed_in.user.company_id
    auth()
    companies(owner, admin, company_id)
    agents(owner, company_id)
    flows(owner)
    calls(owner)
    analytics(owner, company_id)
    webhooks(owner, company_id)
    settings(owner, admin)
    people(owner, admin, company_id)
    forgotten = set(DOCUMENT.split("\n")) - {""} - called
    if forgotten:
        sys.exit("not called: " + ", ".join(sorted(forgotten)))
    print(f"openapi-python-client: {len(called)} endpoints were called, all of document 001 among them")


main()
