using System.CommandLine;
using System.Text.Json;
using Atoll.Bench;
using Atoll.Sdk;

namespace Atoll.Load;

/// <summary>Measures a server from outside and prints a table, or JSON.</summary>
internal sealed class LoadCommand
{
    private readonly Option<string> _url = new("--url") { Description = "The server", DefaultValueFactory = _ => "http://127.0.0.1:7070" };
    private readonly Option<string?> _key = new("--key") { Description = "The API key (better: SCALEBOX_API_KEY)" };
    private readonly Option<string> _template = new("--template") { DefaultValueFactory = _ => "base" };
    private readonly Option<string> _runtime = new("--runtime") { Description = "What the server runs sandboxes with, for the report", DefaultValueFactory = _ => "gvisor" };
    private readonly Option<int> _creates = new("--creates") { Description = "Sandboxes to create", DefaultValueFactory = _ => 30 };
    private readonly Option<int> _execs = new("--execs") { Description = "Commands to run", DefaultValueFactory = _ => 100 };
    private readonly Option<int> _dataPlane = new("--data-plane") { Description = "Repetitions of each measurement of files, terminals and ports; 0 for none", DefaultValueFactory = _ => 100 };
    private readonly Option<int> _concurrency = new("--concurrency") { Description = "At the same time", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _warmUp = new("--warm-up") { Description = "Discarded at the start of each scenario", DefaultValueFactory = _ => 3 };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON" };

    public static RootCommand Create()
    {
        LoadCommand load = new();
        RootCommand command = new("Measures creates, commands, files, terminals and ports of an Atoll server.")
        {
            load._url, load._key, load._template, load._runtime, load._creates, load._execs, load._dataPlane, load._concurrency, load._warmUp, load._json,
        };
        foreach (Option<int> count in new[] { load._creates, load._execs, load._concurrency })
        {
            count.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{count.Name} must be at least 1");
                }
            });
        }
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await load.RunAsync(parsed, cancellation);
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
        using AtollClient client = await Target.ConnectAsync(parsed.GetRequiredValue(_url), parsed.GetValue(_key), cancellation);
        Machine machine = Machine.Read();
        Scenarios scenarios = new(client, parsed.GetRequiredValue(_template));
        int lanes = parsed.GetValue(_concurrency), warmUp = parsed.GetValue(_warmUp);

        await RepeatAsync(warmUp, lanes, _ => scenarios.CreateOnceAsync(record: false, cancellation));
        await RepeatAsync(parsed.GetValue(_creates), lanes, _ => scenarios.CreateOnceAsync(record: true, cancellation));
        await ExecAsync(scenarios, lanes, warmUp, parsed.GetValue(_execs), cancellation);

        List<Sample> samples = [scenarios.Create, scenarios.CreateToFirstCommand, scenarios.Exec];
        Dictionary<Sample, double> rates = [];
        if (parsed.GetValue(_dataPlane) is > 0 and int repetitions)
        {
            string id = await scenarios.StartAsync(cancellation);
            DataPlaneScenarios dataPlane = new(client, id, parsed.GetRequiredValue(_url));
            try
            {
                await dataPlane.RunAsync(repetitions, cancellation);
            }
            finally
            {
                await scenarios.EndAsync(id);
            }
            samples.AddRange(dataPlane.All);
            rates = dataPlane.Rates;
        }
        Print(parsed, machine, samples, rates);
        return samples.Exists(sample => sample.Distribution.Failures > 0 || sample.Distribution.Count == 0) ? 1 : 0;
    }

    /// <summary>One sandbox for each lane, because a sandbox runs one command at a time.</summary>
    private static async Task ExecAsync(Scenarios scenarios, int lanes, int warmUp, int count, CancellationToken cancellation)
    {
        List<string> ids = [];
        try
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                ids.Add(await scenarios.StartAsync(cancellation));
            }
            await RepeatAsync(warmUp * lanes, lanes, lane => scenarios.ExecOnceAsync(ids[lane], record: false, cancellation));
            await RepeatAsync(count, lanes, lane => scenarios.ExecOnceAsync(ids[lane], record: true, cancellation));
        }
        catch (AtollException exception)
        {
            scenarios.Exec.Fail(exception.Message);
        }
        finally
        {
            foreach (string id in ids)
            {
                await scenarios.EndAsync(id);
            }
        }
    }

    /// <summary>Does something <paramref name="count"/> times in <paramref name="lanes"/> lanes, one after the other in each.</summary>
    private static Task RepeatAsync(int count, int lanes, Func<int, Task> once)
    {
        int next = 0;
        return Task.WhenAll(Enumerable.Range(0, lanes).Select(async lane =>
        {
            while (Interlocked.Increment(ref next) <= count)
            {
                await once(lane);
            }
        }));
    }

    private void Print(ParseResult parsed, Machine machine, List<Sample> samples, Dictionary<Sample, double> rates)
    {
        int lanes = parsed.GetValue(_concurrency), warmUp = parsed.GetValue(_warmUp);
        string runtime = parsed.GetRequiredValue(_runtime), url = parsed.GetRequiredValue(_url);
        if (parsed.GetValue(_json))
        {
            var report = new { machine, runtime, url, concurrency = lanes, warm_up = warmUp, scenarios = samples.Select(sample => Row(sample, rates)) };
            Console.WriteLine(JsonSerializer.Serialize(report, Report.Json));
            return;
        }
        machine.WriteMarkdown(Console.Out);
        Console.WriteLine($"- runtime: {runtime}; {url}; concurrency {lanes}; warm-up {warmUp} discarded");
        Console.WriteLine();
        Report.WriteTable(Console.Out, samples.Select(sample => (sample.Name, sample.Distribution)));
        foreach ((Sample sample, double rate) in rates)
        {
            Console.WriteLine($"- {sample.Name}: {rate:0} requests/s");
        }
        foreach (string reason in samples.SelectMany(sample => sample.Reasons.Select(reason => $"{sample.Name}: {reason}")))
        {
            Console.WriteLine($"- failure: {reason}");
        }
    }

    private static object Row(Sample sample, Dictionary<Sample, double> rates) => new
    {
        sample.Name, milliseconds = sample.Distribution, failures = sample.Reasons,
        per_second = rates.TryGetValue(sample, out double rate) ? rate : (double?)null,
    };
}
