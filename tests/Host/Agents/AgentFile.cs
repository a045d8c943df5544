using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>The agent as it ships, one static file compiled ahead of time; built once for all tests.</summary>
public sealed class AgentFile : IAsyncLifetime
{
    public string Path { get; private set; } = "";

    public async Task InitializeAsync() => Path = Built() ?? await PublishAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>The one that ./test has built; null outside of it.</summary>
    internal static string? Built() =>
        Environment.GetEnvironmentVariable("ATOLL_TEST_ARTIFACTS") is { Length: > 0 } artifacts
            ? System.IO.Path.Combine(artifacts, "agent/atoll-agent")
            : null;

    internal static async Task<string> PublishAsync()
    {
        string root = System.IO.Path.GetFullPath(System.IO.Path.Combine(Here(), "../../.."));
        string output = System.IO.Path.Combine(root, "artifacts/test-agent");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in (string[])["publish", System.IO.Path.Combine(root, "src/Agent"), "-c", "Release", "-o", output, "-nodereuse:false", "-v", "q"])
        {
            start.ArgumentList.Add(argument);
        }

        // Set by the test runner for itself; a build inside a build would take them for its own.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        using Process publish = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        Task<string> text = publish.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> errors = publish.StandardError.ReadToEndAsync(limit.Token);
        await publish.WaitForExitAsync(limit.Token);
        Assert.True(publish.ExitCode == 0, await text + await errors);
        return System.IO.Path.Combine(output, "atoll-agent");
    }

    private static string Here([CallerFilePath] string path = "") => System.IO.Path.GetDirectoryName(path)!;
}

[CollectionDefinition(Name)]
public sealed class AgentTests : ICollectionFixture<AgentFile>
{
    public const string Name = "agent";
}
