using System.CommandLine;
using System.Net;
using Atoll.Control.Tenancy;
using Atoll.Domain;
using Nodes = Atoll.Domain.Nodes;
using Atoll.Node;
using Atoll.Server.Edge;

namespace Atoll.Server.Commands;

/// <summary><c>serve</c>: runs the server until it is told to stop. Sandboxes keep running after it.</summary>
internal static class ServeCommand
{
    private static readonly NodeOptions Standard = new();

    private static readonly Option<string> Data = ServerOptions.Data();

    private static readonly Option<string> Templates = ServerOptions.Templates();

    private static readonly Option<IPEndPoint> Listen = ServerOptions.Listen();

    private static readonly Option<string> Runtime = ServerOptions.Choice(
        "--runtime", "ATOLL_RUNTIME", Standard.Runtime, ["auto", "gvisor", "simulated"], "What isolates sandboxes");

    private static readonly Option<string> Domain = ServerOptions.HostName(
        "--domain", "ATOLL_DOMAIN", "Name under which clients reach the server, and sandboxes below it by wildcard DNS; when empty each sandbox has a local port");

    private static readonly Option<PortRange> SandboxPorts = ServerOptions.Ports(
        "--sandbox-ports", "ATOLL_SANDBOX_PORTS", PortRange.Standard, "Local ports of sandboxes, one for each, when there is no domain");

    private static readonly Option<int?> TcpPort = ServerOptions.Port(
        "--tcp-port", "ATOLL_TCP_PORT",
        $"Port for raw TCP in TLS to {{port}}-{{id}}.{{domain}}; 0 for none; when not given {RawTcpOptions.StandardPort}, if it is free");

    private static readonly Option<string> TlsCertificate = ServerOptions.Text(
        "--tls-certificate", "ATOLL_TLS_CERTIFICATE", "", "PEM file of a certificate of your own, with its chain, for the names that it holds for");

    private static readonly Option<string> TlsKey = ServerOptions.Text(
        "--tls-key", "ATOLL_TLS_KEY", "", "PEM file of that certificate's key");

    private static readonly Option<string> Region = ServerOptions.Choice(
        "--region", "ATOLL_REGION", Standard.Region, [.. Nodes.Region.Catalogue.Select(region => region.Id)], "Region that this machine counts for");

    private static readonly Option<int> MinTimeout = ServerOptions.Seconds(
        "--min-timeout", "ATOLL_MIN_TIMEOUT", 60, "Shortest timeout that a ScaleBox client may give a sandbox, in seconds");

    private static readonly Option<bool> WebhooksAllowPrivate = ServerOptions.Switch(
        "--webhooks-allow-private", "ATOLL_WEBHOOKS_ALLOW_PRIVATE", "Let webhooks lead to this machine and its networks; for servers whose users are all trusted");

    private static readonly Option<string> Instance = ServerOptions.Text(
        "--instance", "ATOLL_INSTANCE", Standard.Instance, "Tells apart several servers on one machine");

    private static readonly Option<IPNetwork> Pool = ServerOptions.Network(
        "--network-pool", "ATOLL_NETWORK_POOL", Standard.NetworkPool, "Addresses of the sandboxes, a /30 for each");

    private static readonly Option<string> Prefix = ServerOptions.Text(
        "--interface-prefix", "ATOLL_INTERFACE_PREFIX", Standard.InterfacePrefix, "First letters of network links; at most 6");

    private static readonly Option<string> Agent = ServerOptions.Text(
        "--agent", "ATOLL_AGENT", AgentBesideServer(), "The static agent binary that becomes PID 1 of every sandbox");

    private static readonly Option<string> Runsc = ServerOptions.Text(
        "--runsc", "ATOLL_RUNSC", Standard.RunscProgram, "The runsc program: a name to look up on PATH, or a path");

    public static Command Create()
    {
        var command = new Command("serve", "Serve the API")
        {
            Data, Templates, Listen, Runtime, Domain, SandboxPorts, TcpPort, TlsCertificate, TlsKey, Region, MinTimeout, WebhooksAllowPrivate, Instance, Pool, Prefix, Agent, Runsc,
        };
        foreach (Option limit in LimitOptions.All)
        {
            command.Add(limit);
        }

        command.Validators.Add(result =>
        {
            if (result.GetValue(TlsCertificate) is { Length: > 0 } != result.GetValue(TlsKey) is { Length: > 0 })
            {
                result.AddError("--tls-certificate and --tls-key are only of use together");
            }
        });
        command.SetAction((parsed, cancellation) => RunAsync(Read(parsed), cancellation));
        return command;
    }

    internal static ServeOptions Read(ParseResult parsed) => new()
    {
        Node = new NodeOptions
        {
            DataDirectory = Path.GetFullPath(parsed.GetRequiredValue(Data)),
            TemplatesDirectory = ServerOptions.TemplatesDirectory(parsed, Templates, Data),
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
        SandboxPorts = parsed.GetRequiredValue(SandboxPorts),
        RawTcp = parsed.GetValue(TcpPort) switch
        {
            null => new RawTcpOptions(RawTcpOptions.StandardPort, IsRequired: false),
            0 => null,
            { } port => new RawTcpOptions(port, IsRequired: true),
        },
        TlsCertificate = parsed.GetRequiredValue(TlsCertificate) is { Length: > 0 } certificate ? Path.GetFullPath(certificate) : null,
        TlsKey = parsed.GetRequiredValue(TlsKey) is { Length: > 0 } key ? Path.GetFullPath(key) : null,
        MinTimeout = TimeSpan.FromSeconds(parsed.GetRequiredValue(MinTimeout)),
        RateLimits = LimitOptions.RateLimits(parsed),
        UserQuota = LimitOptions.UserQuota(parsed),
        WebhooksAllowPrivate = parsed.GetValue(WebhooksAllowPrivate),
    };

    /// <summary>In the server's own directory, or in <c>agent/</c> next to it as ./run lays it out.</summary>
    private static string AgentBesideServer()
    {
        string apart = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "agent", "atoll-agent"));
        return !File.Exists(Standard.AgentPath) && File.Exists(apart) ? apart : Standard.AgentPath;
    }

    private static async Task<int> RunAsync(ServeOptions options, CancellationToken cancellation)
    {
        Directory.CreateDirectory(options.DataDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using WebApplication app = ServerHost.Build(options, services => Composition.AddPorts(services, options));
        await ServerHost.RunAsync(app, options, () => AnnounceFirstKeyAsync(app), cancellation);
        return 0;
    }

    /// <summary>The only place where the first key is ever shown, and so where it is made.</summary>
    private static async Task AnnounceFirstKeyAsync(WebApplication app)
    {
        if (await app.Services.GetRequiredService<TenancyAdmin>().MakeFirstKeyAsync() is { } secret)
        {
            Console.WriteLine($"API key: {secret}");
            Console.WriteLine("It is shown only now; `auth key create` makes another.");
        }
    }
}
