using System.CommandLine;
using System.Globalization;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox metrics</c>: what a sandbox uses of processor, memory and disk, drawn over time.</summary>
internal sealed class MetricsCommand
{
    private const int PlainWidth = 80;
    private static readonly TimeSpan StandardWindow = TimeSpan.FromMinutes(5);

    /// <summary>How often the server takes a sample.</summary>
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(5);

    private readonly CommandContext _context;
    private readonly Argument<string> _id = SandboxCommands.Id;
    private readonly Option<TimeSpan?> _window = Spans.Option("--window", "How far back, such as 90s, 5m or 2h (default: 5m)");
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Draw it anew every 5 seconds until Ctrl-C" };

    private MetricsCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        MetricsCommand metrics = new(context);
        Command command = new("metrics", "Show what a sandbox uses of processor, memory and disk") { metrics._id, metrics._window, metrics._watch };
        context.Examples.Add(command, "atoll sandbox metrics sbx-... --window 1h", "atoll sandbox metrics sbx-... --watch", "atoll sandbox metrics sbx-... -o json");
        command.SetAction(metrics.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Printer printer = _context.Printer(parsed);
        TimeSpan window = parsed.GetValue(_window) ?? StandardWindow;
        using AtollClient client = _context.Connect(parsed);
        using PeriodicTimer timer = new(SampleEvery, _context.Terminal.Time);
        do
        {
            DateTimeOffset now = _context.Terminal.Time.GetUtcNow();
            SandboxMetrics metrics = await client.Sandboxes
                .MetricsAsync(parsed.GetRequiredValue(_id), new MetricsQuery { Start = now - window }, cancellation).ConfigureAwait(false);
            DateTimeOffset end = metrics.Metrics is [.., var last] && last.Timestamp > now ? last.Timestamp : now;
            printer.Print(metrics, json => json.SandboxMetrics, output => Draw(output, metrics, end - window, end, parsed.GetValue(_watch)));
        }
        while (parsed.GetValue(_watch) && await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
        return 0;
    }

    private void Draw(TextWriter output, SandboxMetrics metrics, DateTimeOffset start, DateTimeOffset end, bool again)
    {
        Terminal terminal = _context.Terminal;
        bool person = terminal.OutputIsTerminal;
        int width = person ? terminal.WindowSize().Columns : PlainWidth;
        if (again && person)
        {
            output.Write("\e[H\e[J");
        }
        output.WriteLine($"{Table.Plain(metrics.SandboxId)}  {Table.Plain(metrics.Status ?? "")}  {Moment(start, end)} to {Moment(end, start)} UTC");
        if (metrics.Metrics is not [.., var last])
        {
            output.WriteLine(metrics.Error is null ? "No samples in this time: it did not run." : $"No samples: {Table.Plain(metrics.Error)}");
            return;
        }
        bool colour = person && string.IsNullOrEmpty(terminal.Environment("NO_COLOR"));
        void Show(Chart chart, Func<MetricsSample, double> value) => chart.Write(output, Spread(metrics.Metrics, start, end, value), width, colour);
        Show(new Chart($"CPU     {Percent(last.CpuUsedPct)} of {last.CpuCount} processors", 100, Percent), sample => sample.CpuUsedPct);
        Show(new Chart($"Memory  {Sizes.Text(last.MemUsed)} of {Sizes.Text(last.MemTotal)}", last.MemTotal, Bytes), sample => sample.MemUsed);
        Show(new Chart($"Disk    {Sizes.Text(last.DiskUsed)} of {Sizes.Text(last.DiskTotal)}", last.DiskTotal, Bytes), sample => sample.DiskUsed);
    }

    /// <summary>A value for each period of sampling: the last that was known by its end, unless it is old, so that a time without samples shows as a gap.</summary>
    private static double?[] Spread(List<MetricsSample> samples, DateTimeOffset start, DateTimeOffset end, Func<MetricsSample, double> value)
    {
        TimeSpan step = samples.Count < 2 ? SampleEvery : new[] { SampleEvery, (samples[^1].Timestamp - samples[0].Timestamp) / (samples.Count - 1) }.Max();
        double?[] slots = new double?[Math.Clamp((int)((end - start) / step), 1, 10_000)];
        int next = 0;
        for (int slot = 0; slot < slots.Length; slot++)
        {
            DateTimeOffset until = start + ((end - start) * (slot + 1) / slots.Length);
            while (next < samples.Count && samples[next].Timestamp <= until)
            {
                next++;
            }
            slots[slot] = next > 0 && until - samples[next - 1].Timestamp < step * 2 ? value(samples[next - 1]) : null;
        }
        return slots;
    }

    private static string Moment(DateTimeOffset moment, DateTimeOffset other) =>
        moment.UtcDateTime.ToString(moment.UtcDateTime.Date == other.UtcDateTime.Date ? "HH:mm:ss" : "MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Percent(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.#} %");

    private static string Bytes(double value) => Sizes.Text((long)value);
}
