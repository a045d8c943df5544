using System.Globalization;
using System.Text.Json.Nodes;
using Atoll.Cli.Output;
using Xunit;
using static Atoll.Unit.Sdk.Wire;

namespace Atoll.Unit.Cli;

public sealed class MetricsCommandTests : CliRun
{
    private const string Route = $"GET /v1/sandboxes/{Id}/metrics";

    [Fact]
    public async Task What_a_sandbox_uses_is_drawn_as_wide_as_the_terminal_with_colours_for_a_person_only()
    {
        Server.OnData(Route, 200, Samples(95, 50, 1));

        Assert.Equal(0, await RunAsync("sandbox", "metrics", Id, "--window", "10m"));

        Assert.Contains("CPU     1 % of 2 processors\n", Output);
        Assert.Contains("Memory  256.0 MiB of 512.0 MiB\n", Output);
        Assert.Contains("Disk    1.0 GiB of 10.0 GiB\n", Output);
        Assert.DoesNotContain('\e', Output);
        Assert.All(Output.Split('\n'), line => Assert.True(line.Length <= 80, line));

        OutputIsTerminal = true;
        Assert.Equal(0, await RunAsync("sandbox", "metrics", Id, "--window", "10m"));
        Assert.Contains("\e[31m", Output);

        Environment["NO_COLOR"] = "1";
        Assert.Equal(0, await RunAsync("sandbox", "metrics", Id));
        Assert.DoesNotContain('\e', Output);
    }

    [Fact]
    public async Task The_window_is_asked_for_and_the_samples_can_be_had_as_json()
    {
        Server.OnData(Route, 200, Samples(3));

        Assert.Equal(0, await RunAsync("sandbox", "metrics", Id, "--window", "2h", "-o", "json"));

        string start = Uri.UnescapeDataString(Server.Requests.Single().Target.Split("start=")[1]);
        TimeSpan back = DateTimeOffset.UtcNow - DateTimeOffset.Parse(start, CultureInfo.InvariantCulture);
        Assert.InRange(back, TimeSpan.FromHours(2), TimeSpan.FromHours(2.5));
        Assert.Equal(3, (double)JsonNode.Parse(Output)!["metrics"]![0]!["cpu_used_pct"]!);
    }

    [Fact]
    public async Task A_sandbox_that_did_not_run_has_no_chart_and_says_why()
    {
        Server.OnData(Route, 200, $$"""{"sandbox_id":"{{Id}}","status":"paused","metrics":[],"error":"the sandbox does not run"}""");

        Assert.Equal(0, await RunAsync("sandbox", "metrics", Id));

        Assert.Contains("paused", Output);
        Assert.Contains("No samples: the sandbox does not run\n", Output);
    }

    [Theory]
    [InlineData("0 0.5 1", 3, "0 0.5 1")]
    [InlineData("1 2 3 4", 2, "2 4")]
    [InlineData("1 2", 4, "1 1 2 2")]
    [InlineData("- 2 - -", 2, "2 -")]
    [InlineData("5 1 1 1 1 1", 1, "5")]
    public void Values_that_share_a_column_show_the_largest(string values, int columns, string expected) =>
        Assert.Equal(expected, string.Join(' ', Chart.Columns(Parse(values), columns)
            .Select(value => value?.ToString(CultureInfo.InvariantCulture) ?? "-")));

    [Fact]
    public void A_chart_rises_with_its_values_and_leaves_gaps()
    {
        StringWriter output = new() { NewLine = "\n" };

        new Chart("Title", 100, value => $"{value:0}").Write(output, Parse("0 0.1 25 - 100"), width: 16, colour: false);

        Assert.Equal(
            """
            Title
                  100 ┤    █
                      │    █
                      │    █
                    0 ┤ ▁█ █

            """,
            output.ToString());
    }

    private static double?[] Parse(string values) =>
        [.. values.Split(' ').Select(value => value == "-" ? (double?)null : double.Parse(value, CultureInfo.InvariantCulture))];

    /// <summary>One each 5 seconds, the last one now.</summary>
    private static string Samples(params double[] cpu)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        IEnumerable<string> samples = cpu.Select((value, i) => $$"""
            {"timestamp":"{{now.AddSeconds(5 * (i + 1 - cpu.Length)):o}}","cpu_count":2,"cpu_used_pct":{{value}},
             "mem_used":268435456,"mem_total":536870912,"disk_used":1073741824,"disk_total":10737418240}
            """);
        return $$"""{"sandbox_id":"{{Id}}","status":"running","uptime_seconds":9,"metrics":[{{string.Join(',', samples)}}]}""";
    }
}
