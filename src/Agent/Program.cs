using Atoll.Agent.Boot;
using Atoll.Agent.Connections;
using Atoll.Agent.Loop;
using Atoll.Agent.Processes;
using Atoll.Linux;
using Atoll.Protocol;

int port = ProtocolLimits.DefaultPort;
if (args is ["--port", var number] && int.TryParse(number, out int chosen) && chosen is >= 0 and <= 65535)
{
    port = chosen;
}
else if (args.Length > 0)
{
    DescriptorCalls.Print(2, "usage: atoll-agent [--port N]    (the sandbox's secret on standard input)\n");
    return 2;
}

// PID 1 outlives what its sandbox's processes send it. Children get the defaults back (Spawn).
foreach (int signal in (int[])[
    Signals.SIGHUP, Signals.SIGINT, Signals.SIGQUIT, Signals.SIGTERM, Signals.SIGPIPE, Signals.SIGALRM, Signals.SIGUSR1, Signals.SIGUSR2])
{
    Signals.Ignore(signal);
}

DescriptorCalls.CloseInheritedOnExec();
AgentSecret secret = BootSecret.Read();
Children.AdoptOrphans();
var loop = new EventLoop(TimeProvider.System);
var launcher = new Launcher();
var reaper = new Reaper();
var processes = new ProcessTable(loop, launcher, reaper);
string version = typeof(Launcher).Assembly.GetName().Version?.ToString(3) ?? "0";
var listener = new Listener(loop, port, new RequestHandler(secret, version, processes, new SandboxSettings(launcher)));
reaper.Start();
DescriptorCalls.Print(1, $"listening {listener.Port}\n");
loop.Run();
return 0;
