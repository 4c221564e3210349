"""`amika sandbox create`."""

from amika_cli.flags import Args, Flag

USAGE = "--remote [--name NAME] [--git [PATH|URL]] [--secret env:VARIABLE[=SECRET]]…"
TEXT = """Creates a remote sandbox. The values of the named secrets are put into its environment by the server; they
never pass through this machine. Store them first: `amika secret push`.

  amika sandbox create --remote --git --secret env:GROQ_API_KEY
  amika sandbox create --remote --name try-it --git https://github.com/me/repo --secret env:DB=my-database-url"""
FLAGS = (
    Flag("remote", "", "create it at Amika; local sandboxes are not part of this program"),
    Flag("name", "NAME", "its name; a short random one without this"),
    Flag("git", "PATH|URL", "clone this repository; the one you are in without a value", optional=True),
    Flag("secret", "SPEC", "env:VARIABLE=SECRET, or env:NAME when both are called the same", many=True),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Check everything, then send one request."""
    from amika_cli.children import sandbox
    from amika_cli.context import Context
    from amika_cli.render import emit, note

    sandbox.require_remote(args)
    wanted = sandbox.secret_variables(args.all("secret"))
    name = sandbox.checked_name(args.get("name")) if args.has("name") else sandbox.random_name()
    request: dict[str, object] = {"name": name}
    if args.has("git"):
        request["repo_url"] = sandbox.repository(args.get("git") or ".")
    if wanted:
        request["secret_env_vars"] = wanted
    with Context(args) as context:
        if wanted:
            stored = {secret.name for secret in context.api.list_generic()}
            missing = sorted(set(wanted.values()) - stored)
            if missing:
                note(f"warning: not stored, so the server may refuse it: {', '.join(missing)}")
        made = sandbox.create(context, request)
        text = [f"created sandbox {made.name}" + (f" ({made.state})" if made.state else "")]
        emit(args, {"name": made.name, "state": made.state, **request, **sandbox.told(made.raw)}, text)
        return 0
