using System.CommandLine;
using System.Text.Json;
using Atoll.Bench;
using Atoll.Load;
using Atoll.Sdk;

namespace Atoll.Peers;

/// <summary>Compares an Atoll server with other ways to isolate a command on this machine.</summary>
internal sealed class PeersCommand
{
    private readonly Option<DirectoryInfo> _rootfs = new("--rootfs") { Description = "The root file system for the peers", Required = true };
    private readonly Option<string> _url = new("--url") { Description = "The server", DefaultValueFactory = _ => "http://127.0.0.1:7070" };
    private readonly Option<string?> _key = new("--key") { Description = "The API key (better: SCALEBOX_API_KEY)" };
    private readonly Option<string> _template = new("--template") { DefaultValueFactory = _ => "base" };
    private readonly Option<int> _rounds = new("--rounds") { DefaultValueFactory = _ => 20 };
    private readonly Option<int> _warmUp = new("--warm-up") { Description = "Rounds discarded", DefaultValueFactory = _ => 2 };
    private readonly Option<bool> _peersOnly = new("--peers-only") { Description = "Without a server, and so without ratios" };
    private readonly Option<int> _pauses = new("--pauses") { Description = "Instead: rounds of pause, resume, snapshot and fork, beside runsc itself" };
    private readonly Option<int> _megabytes = new("--megabytes") { Description = "What the paused program holds", DefaultValueFactory = _ => 20 };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON" };

    public static RootCommand Create()
    {
        PeersCommand peers = new();
        peers._rootfs.AcceptExistingOnly();
        RootCommand command = new("Measures Atoll beside bwrap, crun, systemd-nspawn, docker and podman.")
        {
            peers._rootfs, peers._url, peers._key, peers._template, peers._rounds, peers._warmUp, peers._peersOnly, peers._pauses, peers._megabytes, peers._json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await peers.RunAsync(parsed, cancellation);
            }
            catch (AtollException exception)
            {
                await Console.Error.WriteLineAsync($"Error: {exception.Message}");
                return 1;
            }
        });
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using AtollClient? client = parsed.GetValue(_peersOnly)
            ? null
            : await Target.ConnectAsync(parsed.GetRequiredValue(_url), parsed.GetValue(_key), cancellation);
        if (parsed.GetValue(_pauses) is var pauses and > 0 && client is not null)
        {
            return await PauseAsync(parsed, client, pauses, cancellation);
        }
        Scenarios? atoll = client is null ? null : new Scenarios(client, parsed.GetRequiredValue(_template));
        Machine machine = Machine.Read();
        Contest contest = new(atoll, Peer.All(parsed.GetRequiredValue(_rootfs).FullName), parsed.GetValue(_warmUp));
        await contest.MeasureAsync(parsed.GetValue(_rounds), cancellation);

        Race run = new("start to end of `echo hi`", atoll?.CreateToFirstCommand, [.. contest.Runs]);
        Race exec = new("`echo hi` in a running one", atoll?.Exec, [.. contest.Execs]);
        Print(parsed.GetValue(_json), machine, [run, exec], contest.Skipped);
        return run.HasFailures || exec.HasFailures ? 1 : 0;
    }

    private async Task<int> PauseAsync(ParseResult parsed, AtollClient client, int rounds, CancellationToken cancellation)
    {
        const int MostMegabytesForMany = 100;
        int megabytes = parsed.GetValue(_megabytes);
        PauseContest contest = new(client, parsed.GetRequiredValue(_template), parsed.GetRequiredValue(_rootfs).FullName, megabytes);
        await contest.MeasureAsync(rounds, parsed.GetValue(_warmUp), manyForks: megabytes <= MostMegabytesForMany, cancellation);
        Race[] races = [.. contest.Races()];
        Print(parsed.GetValue(_json), Machine.Read(), races, []);
        return Array.Exists(races, race => race.HasFailures) ? 1 : 0;
    }

    private static void Print(bool json, Machine machine, Race[] races, List<string> skipped)
    {
        if (json)
        {
            var report = new { machine, races = races.Select(race => new { race.Name, rows = race.Rows().ToArray() }), skipped };
            Console.WriteLine(JsonSerializer.Serialize(report, Report.Json));
            return;
        }
        machine.WriteMarkdown(Console.Out);
        Console.WriteLine("- the clock stops: for Atoll when the command's end is read, its removal comes after; for the others when their process ends");
        foreach (Race race in races)
        {
            Console.WriteLine($"\n**{race.Name}**\n");
            Report.WriteTable(Console.Out, race.Rows().Select(row => (row.Label, row.Milliseconds)));
        }
        Console.WriteLine();
        foreach (string reason in races.SelectMany(race => race.Reasons))
        {
            Console.WriteLine($"- failure: {reason}");
        }
        foreach (string reason in skipped)
        {
            Console.WriteLine($"- skipped: {reason}");
        }
    }
}

/// <summary>The contestants of one discipline, and how they stand to Atoll.</summary>
internal sealed record Race(string Name, Sample? Atoll, IReadOnlyList<Sample> Peers)
{
    public bool HasFailures => All.Any(sample => sample.Distribution.Failures > 0);

    public IEnumerable<string> Reasons => All.SelectMany(sample => sample.Reasons.Select(reason => $"{sample.Name}: {reason}"));

    private IEnumerable<Sample> All => Atoll is null ? Peers : Peers.Prepend(Atoll);

    public IEnumerable<Standing> Rows() => All.Select(sample => new Standing(
        sample == Atoll ? $"Atoll: {sample.Name}" : sample.Name, sample.Distribution, sample == Atoll ? null : Ratio(sample)));

    /// <summary>Atoll's p50 over the peer's: 2 says that Atoll takes twice as long.</summary>
    private double? Ratio(Sample peer)
    {
        double? ratio = Atoll?.Distribution.P50 / peer.Distribution.P50;
        return ratio is double.NaN ? null : ratio;
    }
}

/// <summary>A contestant's times, and Atoll's p50 over its own.</summary>
internal sealed record Standing(string Name, Distribution Milliseconds, double? AtollOverThis)
{
    public string Label => AtollOverThis is { } ratio ? $"{Name} (Atoll takes {ratio:0.00}x)" : Name;
}
