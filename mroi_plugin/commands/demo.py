"""A web page to drop an image or a clip on: overlay, 3D model, files. It needs no network."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import add_inference, build_inferencer, port


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi demo``."""
    add_inference(parser)
    parser.add_argument('--port', type=port, default=7860, help='of the page (7860)')
    parser.add_argument('--no-browser', action='store_true', help='only print the address')


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    def ready(address: str) -> None:
        print(f'the page is at {address} (Ctrl-C ends it)', flush=True)
        if not args.no_browser:
            import webbrowser

            webbrowser.open(address)

    with report_user_errors():
        from mroi_plugin.apis.demo_page import import_gradio, serve

        import_gradio()
        serve(build_inferencer(args), args.port, ready)
    return 0
