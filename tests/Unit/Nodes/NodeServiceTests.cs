using Atoll.Node;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes.Simulated;
using Atoll.Node.Templates;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Atoll.Unit.Nodes;

public sealed class NodeServiceTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("atoll-service-").FullName;
    private readonly NotedLog _log = new();

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_template_that_cannot_be_used_is_named_at_the_start()
    {
        string broken = Directory.CreateDirectory(Path.Combine(_data, "templates", "tpl-broken")).FullName;

        await StartAsync();

        Assert.Contains(_log.Warnings, warning => warning.Contains(broken, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_killed_server_left_half_written_is_gone_after_the_start()
    {
        string half = Path.Combine(Directory.CreateDirectory(Path.Combine(_data, "launches")).FullName, "x.json.new");
        File.WriteAllText(half, "{");

        await StartAsync();

        Assert.False(File.Exists(half));
    }

    private async Task StartAsync()
    {
        var options = new NodeOptions { DataDirectory = _data };
        using var service = new NodeService(
            options,
            new SimulatedDriver(new SimulatedMachine(TimeProvider.System), new SimulatedOptions()),
            new LaunchJournal(Path.Combine(_data, "launches")),
            TemplateStore.Open(Path.Combine(_data, "templates")),
            _log);
        await service.StartAsync(CancellationToken.None);
        await service.StopAsync(CancellationToken.None);
    }

    private sealed class NotedLog : ILogger<NodeService>
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
            {
                Warnings.Add(formatter(state, exception));
            }
        }
    }
}
