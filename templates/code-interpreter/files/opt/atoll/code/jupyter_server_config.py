c = get_config()  # noqa: F821

c.ServerApp.ip = "0.0.0.0"
c.ServerApp.port = 32000
c.ServerApp.port_retries = 0
c.ServerApp.allow_root = True
c.ServerApp.allow_remote_access = True
c.ServerApp.open_browser = False
c.ServerApp.terminals_enabled = False
c.ServerApp.root_dir = "/"
c.ServerApp.answer_yes = True
c.ServerApp.token = open("/run/atoll/jupyter-token").read()
c.ServerApp.jpserver_extensions = {"atoll_spare": True}
# Requests that carry the token are not asked for a cookie's twin as well.
c.ServerApp.disable_check_xsrf = True
c.ServerApp.log_level = "WARN"
# Back-pressure is the connection's, not a rate.
c.ServerApp.iopub_msg_rate_limit = 0
c.ServerApp.iopub_data_rate_limit = 0
# Whoever executes reads; a channel that nobody executes on is not read, so it answers no ping.
c.ServerApp.tornado_settings = {"ws_ping_interval": 0, "websocket_max_message_size": 64 * 1024 * 1024}
c.KernelSpecManager.ensure_native_kernel = False
c.KernelSpecManager.allowed_kernelspecs = {f"atoll-{name}" for name in ("python", "javascript", "typescript", "r", "java", "bash")}
# In a sandbox that is resumed, epoll may report TCP connections that were closed before: ZeroMQ has forgotten them, and crashes.
c.KernelManager.transport = "ipc"
c.MappingKernelManager.default_kernel_name = "atoll-python"
c.MappingKernelManager.buffer_offline_messages = False
c.MappingKernelManager.kernel_info_timeout = 60
