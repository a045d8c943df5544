using Atoll.Agent.Boot;
using Atoll.Agent.Connections;
using Atoll.Agent.Elevation;
using Atoll.Agent.Files;
using Atoll.Agent.Loop;
using Atoll.Agent.Processes;
using Atoll.Agent.Tunnels;
using Atoll.Linux;
using Atoll.Protocol;

if (Path.GetFileName(Environment.GetCommandLineArgs()[0]) == "sudo")
{
    return ElevationClient.Run(args);
}

int port = ProtocolLimits.DefaultPort;
string? localSocket = ElevationServer.DefaultPath;
if (args is ["--port", var number, .. var more] && int.TryParse(number, out int chosen) && chosen is >= 0 and <= 65535
    && more is [] or ["--socket", _])
{
    (port, localSocket) = (chosen, more.LastOrDefault());
}
else if (args.Length > 0)
{
    DescriptorCalls.Print(2, "usage: atoll-agent [--port N [--socket PATH]]    (the sandbox's secret on standard input)\n");
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
var tunnels = new TunnelOpening(loop);
var handler = new RequestHandler(loop, secret, version, processes, new SandboxSettings(launcher), tunnels, new FileRequests(loop));
var listener = new Listener(loop, port, handler);
handler.CloseOthers = listener.CloseAllBut;
tunnels.OwnPort = listener.Port;
if (localSocket is not null)
{
    try
    {
        processes.OtherOwner = new ElevationServer(loop, launcher, reaper, localSocket).TryTake;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        DescriptorCalls.Print(2, $"sudo will not work: {e.Message}\n");
    }
}

reaper.Start();
DescriptorCalls.Print(1, $"listening {listener.Port}\n");
loop.Run();
return 0;
