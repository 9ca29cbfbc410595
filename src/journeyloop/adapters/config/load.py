"""Texts → Plan. Pure, so that a replay can load an old plan from its stored texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import TypeVar

from msgspec import Struct, structs

from journeyloop.adapters.config.audiences import AudiencesFile, read_audiences
from journeyloop.adapters.config.channels import read_channels
from journeyloop.adapters.config.conditions import Names
from journeyloop.adapters.config.destinations import read_destinations
from journeyloop.adapters.config.dispositions import check_dispositions
from journeyloop.adapters.config.listening import index_asks, index_computed, index_events, index_predictions
from journeyloop.adapters.config.moment import Found, read_moment
from journeyloop.adapters.config.policy import PolicyFile, read_policy
from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.settings import PRODUCTION, Settings, meaning, parse_toml, read_settings
from journeyloop.adapters.config.sources import read_sources
from journeyloop.adapters.config.tree import Mapping, parse_yaml
from journeyloop.adapters.config.watching import counting, index_watched
from journeyloop.model.errand import Destination
from journeyloop.model.moment import DAY, Moment
from journeyloop.model.plan import NO_WAY_OUT, Plan, Problem
from journeyloop.model.policy import Policy
from journeyloop.model.reach import ONPAGE, PAGE, Address
from journeyloop.runtime.channels import SHAPES, Connection
from journeyloop.runtime.hooked import Source

T = TypeVar("T")
_TOML, _POLICY, _AUDIENCES = "journeyloop.toml", "policy.yaml", "audiences.yaml"
_SOURCES = "sources.yaml"
WEEK = 7 * DAY


class Loaded(Struct, frozen=True):
    """`plan` is None if any problem is an error; `problems` are sorted by file and line. `places` says where a
    moment's `detect` stands: its file and line. `sources` push to us, `channels` lead out; what they speak is none of
    the plan's business."""

    plan: Plan | None
    problems: list[Problem]
    settings: Settings
    places: dict[str, tuple[str, int]] = {}
    sources: dict[str, Source] = {}
    channels: dict[str, Connection] = {}


def load(texts: dict[str, str], environment: str | None = None) -> Loaded:
    """Check the texts of a configuration directory (relative name → text) and build its plan. `environment` is served
    whatever the texts name."""
    problems: list[Problem] = []
    read = _Texts(texts, problems)
    settings = read.file(_TOML, read_settings, Settings(), parse_toml)
    if environment is not None:
        settings = structs.replace(settings, environment=environment)
    if settings.recipients() == ():
        read.report(_TOML).warn(1, f"recipients_allow: missing or empty: {settings.environment} contacts nobody")
    policy = read.file(_POLICY, read_policy, PolicyFile(Policy({})))
    audiences = read.file(_AUDIENCES, read_audiences, AudiencesFile())
    if _POLICY not in texts:
        problems.append(Problem(_POLICY, 1, "error", "missing: write `purposes: {marketing: {consent: required}}`"))
    sources = read.file(_SOURCES, read_sources, dict[str, Source]())
    names = Names(
        audiences=frozenset(audiences.audiences), numbers=audiences.numbers, computed=frozenset(audiences.computed)
    ).with_traits(audiences.traits)
    channels = read.file(_TOML, read_channels, dict[str, Connection](), parse_toml)
    loopback = settings.environment != PRODUCTION
    channels = {name: structs.replace(one, loopback=loopback) for name, one in channels.items()}
    destinations = read.file(_TOML, read_destinations, dict[str, Destination](), parse_toml)
    moments = _moments(read, names, policy, channels, destinations)
    _check_mentions(policy, moments, read.report(_POLICY))
    _check_holds(read, policy, moments)
    _name_others(read)
    refused = any(problem.level == "error" for problem in problems)
    kept = {found.name: found.moment for found in moments.values() if found.moment}
    places = {found.name: (file, found.detect) for file, found in moments.items()}
    reach = {name: SHAPES[one.kind].address for name, one in channels.items()}
    plan = None if refused else _plan(texts, kept, policy.policy, audiences, settings, reach)
    if plan is not None:
        plan.destinations = destinations
        _check_ways_out(read, plan, moments)
    return Loaded(plan, sorted(set(problems)), settings, places, sources, channels)


class _Texts(Struct):
    """The texts with the list that all their reports share."""

    texts: dict[str, str]
    problems: list[Problem]

    def report(self, name: str) -> Report:
        return Report(name, self.problems)

    def file(
        self,
        name: str,
        read: Callable[[Mapping, Report], T],
        default: T,
        parse: Callable[[str, Report], Mapping | None] = parse_yaml,
    ) -> T:
        """What `read` makes of the file; `default` if there is none or it does not parse."""
        if name not in self.texts:
            return default
        report = self.report(name)
        root = parse(self.texts[name], report)
        return default if root is None else read(root, report)


def _moments(
    read: _Texts, names: Names, policy: PolicyFile, channels: dict[str, Connection],
    destinations: dict[str, Destination],
) -> dict[str, Found]:  # fmt: skip
    """File name → moment, in the order of the names, which is the order of the plan."""
    files: dict[str, Found] = {}
    owners: dict[str, str] = {}
    for name in sorted(name for name in read.texts if _is_yaml(name, "moments")):
        found = read.file(
            name, lambda root, report: read_moment(root, names, policy, channels, report, destinations), None
        )
        if found is None or not found.name:
            continue
        files[name] = found
        report, stem = read.report(name), PurePosixPath(name).stem
        if found.name in owners:
            report.error(found.line, f"moment: {found.name} is already in {owners[found.name]}: choose another name")
        elif found.name != stem:
            report.warn(
                found.line, f"moment: the file is called {stem}: rename it to {found.name}.yaml, so it is found"
            )
        owners.setdefault(found.name, name)
    return files


def _check_mentions(policy: PolicyFile, moments: dict[str, Found], report: Report) -> None:
    """A cap over a topic or a moment that does not exist would cap nothing."""
    known = {
        "topic": {found.topic for found in moments.values()},
        "moment": {found.name for found in moments.values()},
    }
    for mention in policy.mentions:
        if mention.name not in known[mention.kind]:
            hint = suggestion(mention.name, known[mention.kind])
            report.warn(mention.line, f"caps: no moment has the {mention.kind} {mention.name}{hint}")


def _check_holds(read: _Texts, policy: PolicyFile, moments: dict[str, Found]) -> None:
    """A hold of a topic or purpose that does not exist would hold nothing."""
    known = {found.topic for found in moments.values()} | policy.policy.purposes.keys()
    check_dispositions(policy.policy.dispositions.values(), known, policy.disposed, read.report(_POLICY))
    for file, found in moments.items():
        for name in (name for hold in (found.moment.holds if found.moment else ()) for name in hold.names):
            if name not in known:
                message = f"also.hold: no moment has the topic, and no purpose is called, {name}"
                read.report(file).warn(found.also, message + suggestion(name, known))


def _check_ways_out(read: _Texts, plan: Plan, moments: dict[str, Found]) -> None:
    """An e-mail that nobody can end by a link is not sent."""
    for file, found in moments.items():
        for action in found.moment.actions if found.moment else ():
            if found.moment and plan.unable(found.moment, action) == NO_WAY_OUT:
                message = (
                    f"{action.name}: {NO_WAY_OUT}, this action is not sent: add it to [server] in journeyloop.toml"
                )
                read.report(file).warn(found.actions, f"actions.{message}")


def _name_others(read: _Texts) -> None:
    for name in read.texts:
        if name.endswith(".yml"):
            read.report(name).error(1, f"not read: rename it to {name.removesuffix('.yml')}.yaml")
        elif _is_yaml(name, "content"):
            read.report(name).later(1, name, "translations: the moments speak their own language")
            parse_yaml(read.texts[name], read.report(name))


def _is_yaml(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/") and name.endswith(".yaml")


def _plan(
    texts: dict[str, str],
    moments: dict[str, Moment],
    policy: Policy,
    audiences: AudiencesFile,
    settings: Settings,
    channels: dict[str, Address],
) -> Plan:
    computed = audiences.computed
    watched = index_watched(moments.values(), audiences.audiences, computed)
    return Plan(
        hash=_hash(texts),
        moments=moments,
        policy=policy,
        channels={ONPAGE: PAGE} | channels,
        environment=settings.environment,
        texts=dict(texts),
        by_event=index_events(moments.values()),
        by_ask=index_asks(moments.values()),
        computed=computed,
        computing=index_computed(computed),
        counting=counting(computed),
        **structs.asdict(watched),
        pushes={one.name: one.push for one in audiences.audiences.values() if one.push},
        predictions=index_predictions(moments.values()),
        places={name: place for place, name in enumerate(moments)},
        measures=sum(moment.measures for moment in moments.values()) or 1,
        horizon=_horizon(moments.values(), policy),
        recipients=settings.recipients(),
        public_url=settings.public_url,
    )


def _horizon(moments: Iterable[Moment], policy: Policy) -> int:
    """The longest window of any cap or limit; a week, so that the contacts of one can be counted."""
    windows = [WEEK, *(cap.within for cap in policy.caps)]
    windows += [action.limit.within for moment in moments for action in moment.actions if action.limit]
    return max(windows)


def _hash(texts: dict[str, str]) -> str:
    """The version of a plan: all that decisions may depend on, in a fixed order. Where the server listens does not."""
    digest = blake2b(digest_size=16)
    root = parse_toml(texts.get(_TOML, ""), Report(_TOML, []))
    parts = meaning(root) if root else []
    parts += sorted((name, text) for name, text in texts.items() if name.endswith(".yaml"))
    for part in (piece for pair in parts for piece in pair):
        raw = part.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return digest.hexdigest()
