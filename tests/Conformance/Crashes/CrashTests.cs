using Atoll.Conformance.Servers;
using Xunit;
using Xunit.Abstractions;

namespace Atoll.Conformance.Crashes;

/// <summary>
/// Kills a server at random moments while clients create, use, pause, resume, fork and delete sandboxes, and starts it
/// again over the same data. Each round has a server of its own. <c>ATOLL_CRASH_SEED</c> replays the operations and the
/// moments of a run, <c>ATOLL_CRASH_KILLS</c> says how many there are in all.
/// </summary>
[Trait("Suite", "Crash")]
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int KillsInRound = 20;
    private const int Clients = 3;
    private const int LongestLifeMilliseconds = 1200;
    private static readonly int s_seed = Number("ATOLL_CRASH_SEED", Random.Shared.Next(1_000_000));
    private static readonly int s_kills = Number("ATOLL_CRASH_KILLS", 200);

    public static IEnumerable<object[]> Rounds() => Enumerable
        .Range(0, (s_kills + KillsInRound - 1) / KillsInRound)
        .Select(round => new object[] { s_seed + round, Math.Min(KillsInRound, s_kills - (round * KillsInRound)) });

    [RealMachineTheory]
    [MemberData(nameof(Rounds), DisableDiscoveryEnumeration = true)]
    public async Task A_server_that_is_killed_at_random_moments_loses_nothing_and_does_nothing_twice(int seed, int kills)
    {
        string replay = $"ATOLL_CRASH_SEED={seed} ATOLL_CRASH_KILLS={kills}";
        await using var server = new AtollServer();
        await server.StartAsync();
        using var api = new ApiClient(server.Url, server.Key);
        var restarts = new Restarts();
        var client = new CrashClient(api, restarts);
        CrashLoad[] loads = [.. Enumerable.Range(0, Clients).Select(number => new CrashLoad(client, restarts, new Random((seed * Clients) + number)))];
        Task[] working = [.. loads.Select(load => load.RunAsync())];
        try
        {
            await KillAsync(server, restarts, working, new Random(seed), kills);
            Array.ForEach(loads, load => load.Finish());
            await Task.WhenAll(working);
            await api.DeleteAllAsync();
            Assert.Empty(await server.Leftovers.SettleAsync(TimeSpan.FromSeconds(30)));
            Assert.Equal(0, await server.StopAsync());
            Assert.Empty(await server.Leftovers.FindAllAsync());
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(server.DataDirectory, "images")));
        }
        catch (Exception e)
        {
            throw new CrashException($"replay with {replay}: {e}\nthe server said: {server.Log()}");
        }

        Assert.All(loads, load => Assert.NotEqual(0, load.Looks));
        output.WriteLine(
            $"{replay}: {loads.Sum(load => load.Operations)} operations, {client.Lost} answers lost, {loads.Sum(load => load.Looks)} looks at sandboxes after restarts");
    }

    private static async Task KillAsync(AtollServer server, Restarts restarts, Task[] working, Random random, int kills)
    {
        for (int kill = 0; kill < kills; kill++)
        {
            // Nothing but time decides: any moment is as good as any other.
            await await Task.WhenAny([.. working, Task.Delay(random.Next(LongestLifeMilliseconds))]);
            await server.KillAsync();
            await server.StartAsync();
            await restarts.AnnounceAsync(working);
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out int number) ? number : otherwise;
}
