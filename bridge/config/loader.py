"""Builds `bridge.config.schema.Config` from TOML and environment; reports every problem as `file: key: message`.

`SMS_BRIDGE__HTTP__PORT=9000` stands for `port` in `[http]` and wins over the file; double underscores
nest, case does not matter and `-` in a name is written `_`. Instead of a text may stand where it is
(`bridge.config.secrets`): `{ file = "/path" }`, `{ credential = "name" }`, `SMS_BRIDGE__…__PIN__FILE=/path`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.config import obstacles
from bridge.config.coercion import KINDS, FromEnvironment, Wrong, convert, described
from bridge.config.field import MASK, Secret, fields
from bridge.config.hub import Hub
from bridge.config.rights import remedy
from bridge.config.schema import SECTIONS, TABLES, Config, Dialect
from bridge.config.secrets import WAYS, Unresolved, is_reference, is_secret, resolve, written_openly
from bridge.errors import ConfigError
from bridge.model.finding import Finding

if TYPE_CHECKING:
    from bridge.ports.driver import Device, Driver

DEFAULT_PATH = Path("/etc/sms-bridge/config.toml")
VARIABLE = "SMS_BRIDGE__"

_DEVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TOML_PLACE = re.compile(r"(?P<reason>.*) \(at (?P<place>.*)\)", re.DOTALL)
_EXAMPLES: dict[type[Any], str] = {str: '"text"', int: "8", float: "2.5", bool: "true", list: '["one", "two"]'}


#: what a driver or a dialect may be told: option → (type, help)
Options = Mapping[str, tuple[type, str]]


def load(
    path: Path | None,
    environment: Mapping[str, str],
    drivers: "Mapping[str, Driver]",
    dialects: Mapping[str, Options] | None = None,
) -> Config:
    """Read and check the configuration; without `path`, from the environment and defaults alone.

    `drivers` looks a driver up by name and may import it then (ImportError: its library is missing here).
    `dialects` are those that exist with their options, and may import one then; None when that is not to be checked.
    Raises ConfigError.
    """
    reader = _Reader(path, environment, drivers, dialects)
    config = reader.config(reader.tree())
    reader.judge(config)
    if reader.problems:
        raise ConfigError(reader.problems)
    if path and (finding := written_openly(path, reader.literals)):
        reader.findings.append(finding)
    return replace(config, findings=tuple(reader.findings))


def load_part(path: Path | None, environment: Mapping[str, str]) -> Config:
    """Load the configuration without devices and dialects, for commands that need neither. Raises ConfigError.

    A secret that is kept where this user cannot read it is no mistake here: nobody asks for it.
    """
    reader = _Reader(path, environment, {}, None, lenient=True)
    tree = reader.tree()
    config = reader.config({name: tree[name] for name in SECTIONS.keys() & tree.keys()})
    if reader.problems:
        raise ConfigError(reader.problems)
    return config


def read(path: Path) -> dict[str, Any]:
    """Parse a TOML file. Raises ConfigError."""
    try:
        return tomllib.loads(path.read_bytes().decode())
    except PermissionError:
        problem = f"may not be read by this user; {remedy(path)}".removesuffix("; ")
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 text (byte {error.start + 1})"
    except tomllib.TOMLDecodeError as error:
        problem = _toml_problem(str(error))
    except OSError as error:
        raise ConfigError([obstacles.told(error, path)]) from None
    raise ConfigError([f"{path}: {problem}"])


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint for a mistyped word: `; did you mean x?`, or `: x, y, z` when nothing is similar."""
    import difflib

    known = sorted(words)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(known)}" if known else ""


def _toml_problem(told: str) -> str:
    found = _TOML_PLACE.fullmatch(told)
    if found is None:
        return f"is not TOML: {told}"
    return f"{found['place']}: is not TOML: {found['reason']}"


class _Reader:
    """Converts tables to settings and collects problems."""

    def __init__(
        self,
        path: Path | None,
        environment: Mapping[str, str],
        drivers: "Mapping[str, Driver]",
        dialects: Mapping[str, Options] | None,
        lenient: bool = False,
    ) -> None:
        self._path = path
        self._file = str(path) if path else "configuration"
        self._environment = environment
        self._drivers = drivers
        self._dialects = dialects
        self._lenient = lenient
        self.problems: list[str] = []
        #: what is no mistake, and yet somebody should mend
        self.findings: list[Finding] = []
        #: keys of secrets that stand in the file themselves
        self.literals: list[str] = []

    def tree(self) -> dict[str, Any]:
        """The file's tables, overlaid with the environment. Raises ConfigError for a file that is not TOML."""
        tree = read(self._path) if self._path else {}
        for variable, text in sorted(self._environment.items()):
            if variable.startswith(VARIABLE):
                self._lay_over(tree, variable, text)
        return tree

    def _lay_over(self, tree: dict[str, Any], variable: str, text: str) -> None:
        """Put one environment variable where it belongs."""
        *path, last = variable.removeprefix(VARIABLE).lower().split("__")
        if not path or not all((*path, last)):
            self.problems.append(
                f"environment: {variable}: must name a section and a setting, such as {VARIABLE}HTTP__PORT"
            )
            return
        table = tree
        for depth, name in enumerate(path, start=1):
            spelled = _spelled(table, name)
            if last in WAYS and depth == len(path) and _leads_to_text(path):
                table[spelled] = {}  # where a text is, in place of the text or of another place
            below = table.setdefault(spelled, {})
            if not isinstance(below, dict):
                return  # the file has a value where a table must be, which is reported when it is read
            table = below
        value = FromEnvironment(text)
        value.variable = variable
        table[_spelled(table, last)] = value

    def config(self, tree: dict[str, Any]) -> Config:
        """The whole configuration; invalid settings keep their default and are reported."""
        for name in tree.keys() - SECTIONS.keys() - set(TABLES):
            near = nearest(name, [*SECTIONS, *TABLES])
            self._note(name, tree[name], f"there is no such section{near}")
        sections = {name: self._section(kind, tree.get(name, {}), name) for name, kind in SECTIONS.items()}
        return Config(
            **sections,
            dialects=self._named(tree, "dialects", self._dialect),
            hubs=self._named(tree, "hubs", self._hub),
            devices=self._named(tree, "devices", self._device),
        )

    def judge(self, config: Config) -> None:
        """Report contradictions between settings, unless single settings are wrong already."""
        for key, wrong in () if self.problems else config.problems():
            self._note(key, None, wrong)

    def _note(self, key: str, value: Any, message: str) -> None:
        variable = _variable(value)
        self.problems.append(f"environment: {variable}: {message}" if variable else f"{self._file}: {key}: {message}")

    def _table(self, value: Any, key: str) -> dict[str, Any] | None:
        if isinstance(value, dict):
            return value
        self._note(key, value, f"must be a table, written as [{key}]")
        return None

    def _section(self, kind: type[Any], value: Any, key: str) -> Any:
        known = fields(kind)
        values: dict[str, Any] = {}
        for name, given in (self._table(value, key) or {}).items():
            if name not in known:
                self._note(f"{key}.{name}", given, f"there is no such setting{nearest(name, known)}")
                continue
            type_, each = known[name]
            example, check = each.metadata["example"], each.metadata["check"]
            converted = self._converted(given, type_, example, f"{key}.{name}")
            if converted is None:
                continue
            wrong = check(converted) if check else ""
            if wrong:
                self._note(f"{key}.{name}", given, _masked(wrong, name, converted))
            else:
                values[name] = _kept_quiet(name, converted)
        return kind(**values)

    def _converted(self, given: Any, type_: Any, example: str, key: str) -> Any:
        """The converted value, or None after reporting a problem."""
        name = key.rpartition(".")[2]
        if type_ is str and is_reference(given):
            return self._resolved(given, key)
        if type(given) is str and type_ is str and given and is_secret(name) and not _is_path(name, given):
            self.literals.append(key)
        try:
            return convert(given, type_)
        except Wrong as wrong:
            found = KINDS.get(type(given), "this text") if is_secret(name) else described(given)
            self._note(key, given, f"must be {wrong} such as {example}, not {found}")
            return None

    def _resolved(self, reference: dict[str, Any], key: str) -> Secret | None:
        folder = self._path.parent if self._path else Path()
        try:
            text, finding = resolve(reference, folder, self._environment)
        except Unresolved as reason:
            if not (self._lenient and is_secret(key.rpartition(".")[2])):
                self._note(key, reference, str(reason))
            return None
        if finding is not None:
            self.findings.append(finding)
        return text

    def _named(self, tree: dict[str, Any], section: str, make: Any) -> dict[str, Any]:
        """The tables below `[section.NAME]`, each built by `make(name, table, key)`."""
        table = self._table(tree.get(section, {}), section) or {}
        made = {}
        for name, value in table.items():
            below = self._table(value, f"{section}.{name}")
            thing = make(name, below, f"{section}.{name}") if below is not None else None
            if thing is not None:
                made[name] = thing
        return made

    def _dialect(self, name: str, table: dict[str, Any], key: str) -> Dialect | None:
        if self._dialects is not None and name not in self._dialects:
            self._note(key, table, f"there is no such dialect{nearest(name, self._dialects)}")
            return None
        dialect: Dialect = self._section(Dialect, table, key)
        if self._dialects is None or not dialect.options:  # else one that is not spoken need not be imported
            return replace(dialect, options=_guarded(dialect.options))
        return replace(dialect, options=self._options(name, self._dialects[name], dialect.options, f"{key}.options"))

    def _hub(self, name: str, table: dict[str, Any], key: str) -> Hub:
        hub: Hub = self._section(Hub, table, key)
        return hub

    def _device(self, name: str, table: dict[str, Any], key: str) -> "Device | None":
        if not _DEVICE_NAME.fullmatch(name):
            self._note(
                key,
                table,
                "a device's name may contain letters, digits, - and _, and must begin with a letter or digit",
            )
            return None
        driver = self._driver(table, f"{key}.driver")
        if driver is None:
            return None
        before = len(self.problems)
        given = {option: value for option, value in table.items() if option != "driver"}
        from bridge.ports.driver import Device

        device = Device(name, driver.name, self._options(driver.name, driver.options, given, key))
        if len(self.problems) == before:
            for problem in driver.validate(device):
                option = problem.partition(":")[0]
                told = _masked(problem.partition(": ")[2], option, device.options.get(option))
                self._note(f"{key}.{option}", table.get(option), told)
        return device

    def _driver(self, table: dict[str, Any], key: str) -> "Driver | None":
        name = table.get("driver")
        if name is None:
            kinds = ", ".join(sorted(self._drivers))
            self._note(key, name, f"is missing: it says what kind of device this is, one of {kinds}")
            return None
        if not isinstance(name, str):
            self._note(key, name, f'must be a text such as "gsm_modem", not {described(name)}')
            return None
        try:
            return self._drivers[name]
        except KeyError:
            self._note(key, name, f'there is no driver "{name}"{nearest(name, self._drivers)}')
        except ImportError as error:
            self._note(key, name, f'the driver "{name}" cannot be used here: {error}')
        return None

    def _options(self, owner: str, known: Options, given: Mapping[str, Any], key: str) -> dict[str, Any]:
        """The options of a driver or a dialect, converted to their types."""
        options = {}
        for name, value in given.items():
            if name not in known:
                self._note(f"{key}.{name}", value, f"{owner} has no such option{nearest(name, known)}")
                continue
            type_ = known[name][0]
            options[name] = self._converted(value, type_, _EXAMPLES.get(type_, '"…"'), f"{key}.{name}")
        return _guarded(options)


def _guarded(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with secret texts as `Secret` and other texts plain."""
    made: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            made[name] = _guarded(value)
        else:
            made[name] = _kept_quiet(name, value)
    return made


def _kept_quiet(name: str, value: Any) -> Any:
    """A secret text as `Secret`, any other text plain."""
    if not isinstance(value, str) or isinstance(value, Secret | Enum):
        return value
    return Secret(value) if is_secret(name) and not _is_path(name, value) else str(value)


def _is_path(name: str, value: str) -> bool:
    """Whether this is the path of a TLS key file rather than the key."""
    return name == "key" and ("/" in value or value.endswith((".pem", ".key")))


def _masked(sentence: str, name: str, value: Any) -> str:
    """The error message without the value when that is secret."""
    if not isinstance(value, Secret) and not (isinstance(value, str) and is_secret(name) and not _is_path(name, value)):
        return sentence
    return sentence.replace(str(value), MASK) if value else sentence


def _leads_to_text(path: Sequence[str]) -> bool:
    """Whether a variable's segments name a setting or an option rather than a table."""
    if path[0] == "dialects":
        return len(path) == (4 if path[2:3] == ["options"] else 3)
    return len(path) == (3 if path[0] in TABLES else 2)


def _spelled(table: dict[str, Any], name: str) -> str:
    """The key that an environment variable's segment stands for."""
    return next((key for key in table if key.lower().replace("-", "_") == name), name)


def _variable(value: Any) -> str:
    """The variable that a value, or everything in a table, came from; "" for the file."""
    if isinstance(value, FromEnvironment):
        return value.variable
    if isinstance(value, dict) and value:
        variables = [_variable(below) for below in value.values()]
        return variables[0] if all(variables) else ""
    return ""
