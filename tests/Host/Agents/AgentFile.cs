using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Atoll.Host.Agents;

/// <summary>The agent as it ships, one static file compiled ahead of time; published once for all tests.</summary>
public sealed class AgentFile : IAsyncLifetime
{
    public string Path { get; private set; } = "";

    public async Task InitializeAsync()
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
        Path = System.IO.Path.Combine(output, "atoll-agent");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private static string Here([CallerFilePath] string path = "") => System.IO.Path.GetDirectoryName(path)!;
}

[CollectionDefinition(Name)]
public sealed class AgentTests : ICollectionFixture<AgentFile>
{
    public const string Name = "agent";
}
