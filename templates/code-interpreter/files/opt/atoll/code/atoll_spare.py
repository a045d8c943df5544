"""An extension of the Jupyter server: one kernel of Python is started with it, for the first context that is asked for."""
import json

from jupyter_server.services.kernels.handlers import ZMQChannelsHandler

SPARE = json.dumps({"spare": "python"})


def _jupyter_server_extension_points():
    return [{"module": "atoll_spare"}]


def _load_jupyter_server_extension(app):
    open_channels = ZMQChannelsHandler.open

    async def open_at_once(handler, kernel_id):
        # A kernel's answer is several small messages: none waits for the acknowledgement of another.
        handler.set_nodelay(True)
        return await open_channels(handler, kernel_id)

    ZMQChannelsHandler.open = open_at_once
    async def start():
        await app.session_manager.create_session(path="workspace/.spare", name=SPARE, type="atoll", kernel_name="atoll-python")

    app.io_loop.add_callback(start)
