"""`amika` in the bundle. It also runs our own modules as processes: `amika -m amika_agent.workspace …`."""

import sys


def main() -> int:
    """Run the command line, or one of our modules that another of our programs started."""
    if sys.argv[1:2] == ["-m"] and len(sys.argv) > 2 and sys.argv[2].startswith("amika_"):
        import runpy

        module = sys.argv[2]
        sys.argv = [module, *sys.argv[3:]]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0
    from amika_cli.main import main as run

    return run()


sys.exit(main())
