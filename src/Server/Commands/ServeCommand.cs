using System.CommandLine;
using System.Net;
using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Node;

namespace Atoll.Server.Commands;

/// <summary><c>serve</c>: runs the server until it is told to stop. Sandboxes keep running after it.</summary>
internal static class ServeCommand
{
    private static readonly NodeOptions Standard = new();

    private static readonly Option<string> Data = CommonOptions.Data();

    private static readonly Option<IPEndPoint> Listen = CommonOptions.Endpoint(
        "--listen", "ATOLL_LISTEN", "127.0.0.1:7070", "Address and port to listen on; port 0 takes any");

    private static readonly Option<string> Runtime = CommonOptions.Text(
        "--runtime", "ATOLL_RUNTIME", Standard.Runtime, "What isolates sandboxes: auto, gvisor or simulated");

    private static readonly Option<string> Domain = CommonOptions.Text(
        "--domain", "ATOLL_DOMAIN", "", "Host name under which clients reach the server; the listener's address when empty");

    private static readonly Option<string> Region = CommonOptions.Text(
        "--region", "ATOLL_REGION", Standard.Region, "Region of the catalogue that this machine counts for");

    private static readonly Option<int> MinTimeout = CommonOptions.Seconds(
        "--min-timeout", "ATOLL_MIN_TIMEOUT", 60, "Shortest timeout of a sandbox, in seconds");

    private static readonly Option<string> Instance = CommonOptions.Text(
        "--instance", "ATOLL_INSTANCE", Standard.Instance, "Tells apart several servers on one machine");

    private static readonly Option<IPNetwork> Pool = CommonOptions.Network(
        "--network-pool", "ATOLL_NETWORK_POOL", Standard.NetworkPool, "Addresses of the sandboxes, a /30 for each");

    private static readonly Option<string> Prefix = CommonOptions.Text(
        "--interface-prefix", "ATOLL_INTERFACE_PREFIX", Standard.InterfacePrefix, "First letters of network links; at most 6");

    private static readonly Option<string> Agent = CommonOptions.Text(
        "--agent", "ATOLL_AGENT", AgentBesideServer(), "The static agent binary that becomes PID 1 of every sandbox");

    private static readonly Option<string> Runsc = CommonOptions.Text(
        "--runsc", "ATOLL_RUNSC", Standard.RunscProgram, "The runsc program: a name to look up on PATH, or a path");

    public static Command Create()
    {
        Runtime.AcceptOnlyFromAmong("auto", "gvisor", "simulated");
        var command = new Command("serve", "Serve the API")
        {
            Data, Listen, Runtime, Domain, Region, MinTimeout, Instance, Pool, Prefix, Agent, Runsc,
        };
        command.SetAction((parsed, cancellation) => RunAsync(Read(parsed), cancellation));
        return command;
    }

    private static ServeOptions Read(ParseResult parsed) => new()
    {
        Node = new NodeOptions
        {
            DataDirectory = Path.GetFullPath(parsed.GetRequiredValue(Data)),
            Instance = parsed.GetRequiredValue(Instance),
            NetworkPool = parsed.GetRequiredValue(Pool),
            InterfacePrefix = parsed.GetRequiredValue(Prefix),
            Runtime = parsed.GetRequiredValue(Runtime),
            RunscProgram = parsed.GetRequiredValue(Runsc),
            AgentPath = Path.GetFullPath(parsed.GetRequiredValue(Agent)),
            Region = parsed.GetRequiredValue(Region),
            Faults = Environment.GetEnvironmentVariable("ATOLL_FAULT"),
        },
        Listen = parsed.GetRequiredValue(Listen),
        Domain = parsed.GetRequiredValue(Domain) is { Length: > 0 } name ? name : null,
        MinTimeout = TimeSpan.FromSeconds(parsed.GetRequiredValue(MinTimeout)),
    };

    /// <summary>In the server's own directory, or in <c>agent/</c> next to it as ./run lays it out.</summary>
    private static string AgentBesideServer()
    {
        string apart = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "agent", "atoll-agent"));
        return !File.Exists(Standard.AgentPath) && File.Exists(apart) ? apart : Standard.AgentPath;
    }

    private static async Task<int> RunAsync(ServeOptions options, CancellationToken cancellation)
    {
        try
        {
            Directory.CreateDirectory(options.DataDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await using WebApplication app = ServerHost.Build(options, services => Composition.AddPorts(services, options));
            await ServerHost.RunAsync(app, options, () => AnnounceFirstKey(app), cancellation);
            return 0;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException or FaultException)
        {
            await Console.Error.WriteLineAsync($"the server cannot start: {e.Message}");
            return 1;
        }
    }

    /// <summary>The only place where the first key is ever shown.</summary>
    private static void AnnounceFirstKey(WebApplication app)
    {
        if (app.Services.GetRequiredService<FirstKey>().Take() is { } secret)
        {
            Console.WriteLine($"API key: {secret}");
            Console.WriteLine("It is shown only now; `auth key create` makes another.");
        }
    }
}
