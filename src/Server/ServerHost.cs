using System.Net;
using Atoll.Api;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
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
        builder.WebHost.ConfigureKestrel(kestrel => Listener.Configure(kestrel, options.Listen));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Listener.ShutdownGrace);
        builder.Services.AddAtollApi(new ApiOptions
        {
            PublicHost = options.PublicHost(options.Listen), MinTimeout = options.MinTimeout,
        });
        addPorts(builder.Services);
        return builder.Build().UseAtollApi();
    }

    /// <summary>Serves until the process is told to stop. Prints one line on stdout once it answers.</summary>
    public static async Task RunAsync(WebApplication app, ServeOptions options, Func<Task> announce, CancellationToken cancellation)
    {
        await app.StartAsync(cancellation);
        IPEndPoint bound = BoundTo(app);
        app.Services.GetRequiredService<ApiOptions>().PublicHost = options.PublicHost(bound);
        if (WarningOf(bound) is { } warning)
        {
            await Console.Error.WriteLineAsync(warning);
        }

        await announce();
        Console.WriteLine($"listening on http://{bound}");
        await app.WaitForShutdownAsync(cancellation);
    }

    /// <summary>What the operator should know about where the server listens; null when there is nothing to say.</summary>
    internal static string? WarningOf(IPEndPoint bound) => IPAddress.IsLoopback(bound.Address)
        ? null
        : $"warning: {bound} is reachable from other machines, and this server speaks plain HTTP: put TLS in front of it";

    private static IPEndPoint BoundTo(WebApplication app)
    {
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return IPEndPoint.Parse(address["http://".Length..]);
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
