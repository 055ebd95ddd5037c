"""The program: its commands, and what its exit codes mean."""

import inspect
from typing import Annotated

import typer

from introspect_bayes.cli.analysis import analyze, demo, reproduce
from introspect_bayes.cli.checking import check
from introspect_bayes.cli.collection import collect
from introspect_bayes.cli.exit_codes import ExitCode, exit_codes_in_words
from introspect_bayes.cli.information import info
from introspect_bayes.cli.joint import joint
from introspect_bayes.cli.keeping import export, verify
from introspect_bayes.cli.pipes import readers_may_leave
from introspect_bayes.cli.plan import plan
from introspect_bayes.cli.preparation import prepare
from introspect_bayes.cli.privileged import privileged_access
from introspect_bayes.cli.reporting import report
from introspect_bayes.cli.scores import scores
from introspect_bayes.cli.sensitivity import sensitivity
from introspect_bayes.cli.training import models, train
from introspect_bayes.constants import __version__
from introspect_bayes.errors import InputError
from introspect_bayes.presentation.harmless import harmless

app = typer.Typer(
    name="introspect-bayes",
    help="Bayesian models of a language model's choices and of its reports about them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=exit_codes_in_words(),
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command(epilog="Example: introspect-bayes demo --json demo.json")(demo)
app.command(epilog="Example: introspect-bayes reproduce --only e1.acc --json figures.json")(
    reproduce
)
app.command(
    epilog="Example: introspect-bayes plan --accuracy 0.6 --contexts 20,50 "
    "--reports 1,10 --width 0.2"
)(plan)
app.command(epilog="Example: introspect-bayes prepare my-study --instilled 20 --native 20")(prepare)
app.command(
    epilog="Example: introspect-bayes collect my-study --model smollm2 "
    "--base-url http://localhost:11434/v1"
)(collect)
app.command(
    epilog="Example: introspect-bayes train my-study --parent my-base --stage weight-trained"
)(train)
app.add_typer(models, name="models")
app.command(epilog="Example: introspect-bayes analyze my-study --json figures.json")(analyze)
app.command(epilog="Example: introspect-bayes check my-study --only loo --json checks.json")(check)
app.command(epilog="Example: introspect-bayes sensitivity my-study --plot priors.svg")(sensitivity)
app.command(epilog="Example: introspect-bayes report my-study --output my-study.html --with all")(
    report
)
app.command(epilog="Example: introspect-bayes privileged-access my-study --json access.json")(
    privileged_access
)
app.command(epilog="Example: introspect-bayes joint my-study --only e2")(joint)
app.command(epilog="Example: introspect-bayes scores scores.csv --plot scores.svg")(scores)
app.command(epilog="Example: introspect-bayes verify my-study")(verify)
app.command(epilog="Example: introspect-bayes export my-study tables --format parquet")(export)
app.command(epilog="Example: introspect-bayes info --json info.json")(info)

for _registered in app.registered_commands:
    # The whole first sentence: by itself, typer cuts it off.
    _registered.short_help = (inspect.getdoc(_registered.callback) or "").partition("\n")[0]


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"introspect-bayes {__version__}")
        raise typer.Exit


@app.callback()
def introspect_bayes(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Bayesian models of a language model's choices and of its reports about them."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Command-line arguments; the process's own if not given.
    """
    with readers_may_leave():
        return _run(arguments)


def _run(arguments: list[str] | None) -> int:
    try:
        code = app(arguments, standalone_mode=False)
    except InputError as error:
        lines = (harmless(line) for line in f"introspect-bayes: {error}".split("\n"))
        typer.echo("\n".join(lines), err=True)
        return ExitCode.BAD_INPUT
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("introspect-bayes: interrupted", err=True)
        return ExitCode.INTERRUPTED
    except Exception as error:
        # Click's own errors: wrong options and the like.
        if hasattr(error, "exit_code") and hasattr(error, "show"):
            error.show()
            return int(error.exit_code)
        raise
    if code == ExitCode.INTERRUPTED:  # typer turns Ctrl-C into this code, without a word
        typer.echo("introspect-bayes: interrupted", err=True)
    return code if isinstance(code, int) else ExitCode.DONE
