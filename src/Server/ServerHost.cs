using System.Net;
using Atoll.Api;
using Atoll.Api.Edge.RawTcp;
using Atoll.Domain.Network;
using Atoll.Server.Edge;
using Atoll.Server.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace Atoll.Server;

/// <summary>Builds the process around the API: listener, logging on stderr, orderly stop.</summary>
internal static class ServerHost
{
    /// <param name="addPorts">Registers the ports of Domain that the API calls.</param>
    public static WebApplication Build(ServeOptions options, Action<IServiceCollection> addPorts)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });

        // Everything is said by options; a stray ASPNETCORE_ variable or settings file must not change the server.
        builder.Configuration.Sources.Clear();
        AddLogging(builder.Logging);
        AddListener(builder.Services, options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Listener.ShutdownGrace);
        CertificateAuthority authority = CertificateAuthority.Open(options.DataDirectory, TimeProvider.System);
        builder.Services.AddSingleton(authority);
        builder.Services.AddAtollApi(new ApiOptions
        {
            PublicHost = options.PublicHost(options.Listen), Domain = options.DomainName, AuthorityPem = authority.Pem,
            MinTimeout = options.MinTimeout, RateLimits = options.RateLimits,
        });
        addPorts(builder.Services);
        return builder.Build().UseAtollApi();
    }

    private static void AddListener(IServiceCollection services, ServeOptions options)
    {
        services.AddSingleton<EdgeSockets>();
        services.AddSingleton<IConnectionListenerFactory, EdgeTransport>();
        services.AddSingleton(all => new ServerCertificates(
            all.GetRequiredService<CertificateAuthority>(),
            ServerNames.Of(options.Listen.Address, Environment.MachineName, options.DomainName),
            options.TlsCertificate is null ? null : OwnCertificate.Load(options.TlsCertificate, options.TlsKey!),
            all.GetRequiredService<TimeProvider>()));
        services.AddOptions<KestrelServerOptions>().Configure<ServerCertificates, TimeProvider>(
            (kestrel, certificates, time) => Listener.Configure(kestrel, options.Listen, certificates, time));
        if (options.RawTcp is { } raw)
        {
            services.AddSingleton(all => new RawTcpListener(
                new IPEndPoint(options.Listen.Address, raw.Port), raw.IsRequired, all.GetRequiredService<RawTcpEdge>(),
                all.GetRequiredService<ServerCertificates>(), all.GetRequiredService<TimeProvider>(), all.GetRequiredService<ILogger<RawTcpListener>>()));
            services.AddHostedService(all => all.GetRequiredService<RawTcpListener>());
        }

        if (options.Domain is null)
        {
            services.AddSingleton<ISandboxAddresses>(all => new SandboxPorts(
                all.GetRequiredService<EdgeSockets>(), options.Listen.Address, options.SandboxPorts));
        }
    }

    /// <summary>Serves until the process is told to stop. Prints one line on stdout once it answers.</summary>
    public static async Task RunAsync(WebApplication app, ServeOptions options, Func<Task> announce, CancellationToken cancellation)
    {
        await app.StartAsync(cancellation);
        IPEndPoint bound = Announce(app, options);
        if (WarningOf(bound) is { } warning)
        {
            await Console.Error.WriteLineAsync(warning);
        }

        await announce();
        Console.WriteLine($"listening on http://{bound}");
        await app.WaitForShutdownAsync(cancellation);
    }

    /// <summary>Lets the API know where the server listens, once it does.</summary>
    internal static IPEndPoint Announce(WebApplication app, ServeOptions options)
    {
        IPEndPoint bound = BoundTo(app);
        ApiOptions api = app.Services.GetRequiredService<ApiOptions>();
        api.PublicHost = options.PublicHost(bound);
        api.E2bDomain = options.Domain is not null ? api.PublicHost : IPAddress.IsLoopback(bound.Address) ? $"localhost:{bound.Port}" : null;
        return bound;
    }

    /// <summary>What the operator should know about where the server listens; null when there is nothing to say.</summary>
    internal static string? WarningOf(IPEndPoint bound) => IPAddress.IsLoopback(bound.Address)
        ? null
        : $"warning: {bound} is reachable from other machines, and whoever sees their traffic reads the keys in plain HTTP: "
          + "let them use TLS, with https:// and the certificate of `atoll-server ca`";

    private static IPEndPoint BoundTo(WebApplication app)
    {
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return IPEndPoint.Parse(address[(address.IndexOf("://", StringComparison.Ordinal) + "://".Length)..]);
    }

    private static void AddLogging(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Information);

        // The framework's own request log holds queries, which may hold tokens.
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

        // What it says at start and stop, this server says itself; what fails then is thrown too.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
