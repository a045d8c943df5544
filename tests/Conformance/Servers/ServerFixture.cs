using Xunit;

namespace Atoll.Conformance.Servers;

/// <summary>
/// The server that the tests talk to: one of their own, shared by all classes of the collection, or the one that
/// <c>ATOLL_URL</c> and <c>ATOLL_API_KEY</c> name. At the end its own must have left nothing on the machine.
/// </summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private AtollServer? _own;

    /// <summary>True when the tests run against a server that they did not start.</summary>
    public static bool IsForeign => Environment.GetEnvironmentVariable("ATOLL_URL") is { Length: > 0 };

    internal ApiClient Api { get; private set; } = null!;

    internal AtollServer Own => _own ?? throw new InvalidOperationException("the server is not the tests' own");

    public async Task InitializeAsync()
    {
        if (IsForeign)
        {
            Api = new ApiClient(
                new Uri(Environment.GetEnvironmentVariable("ATOLL_URL")!),
                Environment.GetEnvironmentVariable("ATOLL_API_KEY") ?? throw new InvalidOperationException("ATOLL_URL is set, ATOLL_API_KEY is not"));
            return;
        }

        _own = new AtollServer();
        try
        {
            await _own.StartAsync();
        }
        catch
        {
            await _own.DisposeAsync();
            throw;
        }

        Api = new ApiClient(_own.Url, _own.Key);
    }

    public async Task DisposeAsync()
    {
        using ApiClient api = Api;
        if (_own is null)
        {
            return;
        }

        await using AtollServer own = _own;
        await api.DeleteAllAsync();
        IReadOnlyList<string> left = await own.Leftovers.SettleAsync(TimeSpan.FromSeconds(15));
        int code = await own.StopAsync();
        Assert.True(left.Count == 0, "the server's sandboxes left on the machine:\n" + string.Join('\n', left) + "\n" + own.Log());
        Assert.True(code == 0, $"the server ended with {code}:\n{own.Log()}");
        Assert.Empty(await own.Leftovers.FindAllAsync());
    }
}

/// <summary>Classes that share one server.</summary>
[CollectionDefinition(Name)]
public sealed class SharedServer : ICollectionFixture<ServerFixture>
{
    public const string Name = "shared server";
}

/// <summary>A test that needs a server of its own, or that its fixture has started.</summary>
public sealed class OwnServerFactAttribute : FactAttribute
{
    public OwnServerFactAttribute()
    {
        if (ServerFixture.IsForeign)
        {
            Skip = "needs a server that the tests started; ATOLL_URL names another";
        }
    }
}

/// <summary>A test of what only a real machine can show.</summary>
public sealed class RealMachineFactAttribute : FactAttribute
{
    public RealMachineFactAttribute()
    {
        if (!ServerFixture.IsForeign && AtollServer.Runtime == "simulated")
        {
            Skip = "the simulated runtime runs no programs";
        }
    }
}

/// <summary>Tests of what only a real machine can show.</summary>
public sealed class RealMachineTheoryAttribute : TheoryAttribute
{
    public RealMachineTheoryAttribute() => Skip = new RealMachineFactAttribute().Skip;
}
