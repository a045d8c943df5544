using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Atoll.Conformance.Servers;

namespace Atoll.Conformance.Clients;

/// <summary>A case as <c>run.mjs --list</c> tells it.</summary>
/// <param name="Title">The client's name and version, as documents show it.</param>
/// <param name="Name">Call and assertion; unique within client and area.</param>
/// <param name="Works">False when the case asserts that the call is refused.</param>
internal sealed record ClientCase(string Client, string Title, string Area, string Call, string What, string Name, bool Works);

/// <summary>How a case ended.</summary>
internal sealed record CaseOutcome(string Name, bool Ok, string? Error);

/// <summary>
/// Runs the cases of <c>clients/</c> with node: each client's unmodified package, told where the server is by nothing
/// but its environment variables.
/// </summary>
internal static class NodeCases
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan ListLimit = TimeSpan.FromSeconds(60);
    private static readonly string[] Foreign = ["E2B_", "SCALEBOX_", "SBX_", "NODE_", "HTTP_PROXY", "HTTPS_PROXY"];

    public static async Task<IReadOnlyList<ClientCase>> ListAsync()
    {
        (string output, string trouble) = await RunAsync(["--list"], new Dictionary<string, string>(), ListLimit);
        return trouble.Length == 0
            ? [.. Lines(output).Select(line => JsonSerializer.Deserialize<ClientCase>(line, Json)!)]
            : throw new InvalidOperationException($"the cases cannot be listed: {trouble}");
    }

    /// <summary>Runs all cases of one client in one area. What the process itself had to say against it comes as one more outcome.</summary>
    public static async Task<IReadOnlyList<CaseOutcome>> RunAsync(string client, string area, ServerFixture server, string? certificates, TimeSpan limit)
    {
        string url = server.Api.Http.BaseAddress!.ToString().TrimEnd('/');
        Dictionary<string, string> environment = new()
        {
            ["SCALEBOX_API_KEY"] = server.Api.Key,
            ["SCALEBOX_API_URL"] = url,
            ["E2B_API_KEY"] = "e2b_" + server.Api.Key["sk-".Length..],
            ["E2B_API_URL"] = url,
            ["E2B_SANDBOX_URL"] = url,
        };
        if (certificates is not null)
        {
            environment["NODE_EXTRA_CA_CERTS"] = certificates;
        }

        (string output, string trouble) = await RunAsync([client, area], environment, limit);
        List<CaseOutcome> outcomes = [.. Lines(output).Select(line => JsonSerializer.Deserialize<CaseOutcome>(line, Json)!)];
        return trouble.Length == 0 ? outcomes : [.. outcomes, new CaseOutcome("the client's process", false, trouble)];
    }

    private static async Task<(string Output, string Trouble)> RunAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan limit)
    {
        var start = new ProcessStartInfo(Node(), ["run.mjs", .. arguments])
        {
            WorkingDirectory = Directory(), RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => Array.Exists(Foreign, name.StartsWith)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string late = "";
        try
        {
            await process.WaitForExitAsync().WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            late = $"did not end within {limit.TotalSeconds:0} s; ";
        }

        string said = await errors;
        return (await output, late.Length > 0 || process.ExitCode != 0 ? $"{late}exit code {process.ExitCode}:\n{said}" : "");
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The node that ./test found or fetched.</summary>
    private static string Node() => Environment.GetEnvironmentVariable("ATOLL_TEST_NODE") is { Length: > 0 } path ? path : "node";

    private static string Directory([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "../../clients"));
}
