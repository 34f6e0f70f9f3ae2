"""People who use the console: their schools, roles and switches. An administrator manages those of their schools."""

import asyncio
import re
from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from gateway import passwords
from gateway.caller import Scope
from gateway.model import Uai
from gateway.problem import Problem, field_problem
from gateway.requests import Body, Short
from gateway.roles import Role
from gateway.store import users
from gateway.store.audit import noted
from gateway.store.users import User
from gateway.web.answers.people import UserList, UserView
from gateway.web.api.actions import whole
from gateway.web.api.views import stamp
from gateway.web.route import Call, Reply, Route

ADMIN = frozenset({Scope.ADMIN})

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


class UserBody(Body):
    """A person; the login is the one of the address."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
    schools: tuple[Uai, ...] = Field(min_length=1)
    roles: tuple[Role, ...] = Field(min_length=1)
    recap_all: StrictBool = True
    blocked: Short | None = None
    disabled: StrictBool = False
    password: Annotated[str, StringConstraints(max_length=passwords.LONGEST)] | None = None


def view(user: User, call: Call) -> dict[str, Any]:
    """A person as the API shows them: never the password."""
    home = call.parts.registry.home
    return {
        "login": user.login,
        "name": user.name,
        "schools": sorted(user.schools),
        "roles": sorted(user.roles),
        "recap_all": user.recap_all,
        "blocked": user.blocked,
        "disabled_at": stamp(user.disabled_at, home),
        "locked_until": stamp(user.locked_until, home),
        "created_at": stamp(user.created_at, home),
        "updated_at": stamp(user.updated_at, home),
    }


async def list_users(call: Call) -> Reply:
    """``GET /v1/users``."""
    everybody = await call.parts.store.read(users.list_users)
    return Reply(whole([view(user, call) for user in everybody if users.may_manage(user, call.caller.schools)]))


async def show_user(call: Call) -> Reply:
    """``GET /v1/users/{login}``."""
    user = await _known(call)
    if user is None:
        raise _not_found()
    return Reply(view(user, call))


async def put_user(call: Call) -> Reply:
    """``PUT /v1/users/{login}``: create or change. Without ``password`` the one there is stays."""
    body: UserBody = call.body
    login = call.path["login"]
    known = await _known(call)
    _check(call, login, body, known)
    now = call.parts.clock()
    user = User(
        login=login,
        name=body.name,
        schools=frozenset(body.schools),
        roles=frozenset(body.roles),
        recap_all=body.recap_all,
        blocked=body.blocked or None,
        disabled_at=(known.disabled_at if known and known.disabled_at else now) if body.disabled else None,
        password=await asyncio.to_thread(passwords.hashed, body.password) if body.password else "",
    )
    entry = call.act("user_put", login, _summary(user), user.only_school)
    await call.parts.store.write(noted(lambda conn: users.put_user(conn, user, now), entry))
    if known is not None and user.password:
        await call.parts.store.write(lambda conn: users.set_password(conn, login, user.password, now))
    await call.parts.registry.load(call.parts.store)
    stored = await call.parts.store.read(lambda conn: users.find_user(conn, login))
    return Reply(view(stored or user, call), 200 if known is not None else 201)


async def _known(call: Call) -> User | None:
    """The person of the address; another school's is not seen."""
    login = call.path["login"]
    user = await call.parts.store.read(lambda conn: users.find_user(conn, login))
    if user is not None and not users.may_manage(user, call.caller.schools):
        raise _not_found()
    return user


def _not_found() -> Problem:
    """Unknown, or of another school: the answer is the same."""
    return Problem("not_found", "Aucun utilisateur de vos établissements n'a cet identifiant : voir GET /v1/users.")


def _check(call: Call, login: str, body: UserBody, known: User | None) -> None:
    if not LOGIN.fullmatch(login):
        cure = "Un identifiant a 2 à 64 minuscules, chiffres, « . », « - » ou « _ »."
        raise field_problem("invalid_field", "/login", cure)
    for place, school in enumerate(body.schools):
        if school not in call.caller.schools:
            raise field_problem("school_forbidden", f"/schools/{place}", "Ce n'est pas un de vos établissements.")
    if known is None and not body.password:
        raise field_problem("invalid_field", "/password", "Donnez un premier mot de passe.")
    if body.password and (wrong := passwords.fault(body.password)):
        raise field_problem("invalid_field", "/password", wrong)
    if login == call.caller.person and (body.disabled or Role.ADMINISTRATEUR not in body.roles):
        cure = "Vous ne pouvez pas vous désactiver ni vous retirer ce rôle : demandez à un autre administrateur."
        raise field_problem("invalid_field", "/roles", cure)


def _summary(user: User) -> str:
    words = [", ".join(sorted(user.roles))]
    words += ["ne voit que ses envois"] * (not user.recap_all)
    words += [f"envoi bloqué : {user.blocked}"] * (user.blocked is not None)
    words += ["désactivé"] * (user.disabled_at is not None)
    words += ["mot de passe changé"] * bool(user.password)
    return " ; ".join(words)


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/users", list_users, ADMIN, "Les utilisateurs de la console"),
        answer=UserList,
        tag="people",
    ),
    Route(
        *("GET", "/v1/users/{login}", show_user, ADMIN, "Un utilisateur"),
        answer=UserView,
        tag="people",
        problems=("not_found",),
    ),
    Route(
        *("PUT", "/v1/users/{login}", put_user, ADMIN, "Créer ou changer un utilisateur"),
        body=UserBody,
        answer=UserView,
        also=(201,),
        tag="people",
        problems=("not_found", "school_forbidden"),
    ),
)
