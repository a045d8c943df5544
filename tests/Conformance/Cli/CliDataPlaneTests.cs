using System.Diagnostics;
using System.Security.Cryptography;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Cli;

/// <summary>The built program copies files, opens a terminal and names ports, as a person would.</summary>
[Collection(SharedServer.Name)]
public sealed class CliDataPlaneTests(ServerFixture fixture) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly AtollCli _cli = new()
    {
        Environment =
        {
            ["SCALEBOX_SERVER_URL"] = fixture.Api.Http.BaseAddress!.ToString().TrimEnd('/'),
            ["SCALEBOX_API_KEY"] = fixture.Api.Key,
        },
    };

    public void Dispose() => _cli.Dispose();

    [RealMachineFact]
    public async Task Files_and_directories_go_there_and_back_unchanged()
    {
        await using Box box = await fixture.Api.CreateAsync();
        string tree = Directory.CreateDirectory(Path.Combine(_cli.Home, "tree", "sub")).Parent!.FullName;
        byte[] large = RandomNumberGenerator.GetBytes(3_000_000);
        await File.WriteAllBytesAsync(Path.Combine(tree, "sub", "large"), large);
        await File.WriteAllTextAsync(Path.Combine(tree, "with space ü"), "text");

        CliOutcome up = await _cli.RunAsync("sandbox", "upload", box.Id, tree, "/srv/tree", "--recursive");
        Assert.Equal((0, "Uploaded 2 files to /srv/tree\n"), (up.Code, up.Error));
        CliOutcome listed = await _cli.RunAsync("sandbox", "ls", box.Id, "/srv/tree", "--recursive");
        Assert.Contains("3000000", Assert.Single(listed.Output.Split('\n'), line => line.EndsWith("sub/large", StringComparison.Ordinal)));
        Assert.Equal(1, (await _cli.RunAsync("sandbox", "upload", box.Id, Path.Combine(tree, "sub", "large"), "/srv/tree/sub/large")).Code);

        string back = Path.Combine(_cli.Home, "back");
        CliOutcome down = await _cli.RunAsync("sandbox", "download", box.Id, "/srv/tree", back, "--recursive");
        Assert.Equal((0, $"Downloaded 2 files to {back}\n"), (down.Code, down.Error));
        Assert.Equal(large, await File.ReadAllBytesAsync(Path.Combine(back, "sub", "large")));
        Assert.Equal("text", await File.ReadAllTextAsync(Path.Combine(back, "with space ü")));

        CliOutcome missing = await _cli.RunAsync("sandbox", "download", box.Id, "/srv/none");
        Assert.Equal(1, missing.Code);
        Assert.Contains("/srv/none", Assert.Single(missing.ErrorLines));
    }

    [RealMachineFact]
    public async Task A_shell_on_a_terminal_runs_what_is_typed_and_returns_its_exit_code()
    {
        await using Box box = await fixture.Api.CreateAsync();

        // script(1) gives the program a terminal, as a person has one.
        var start = new ProcessStartInfo("script", ["-qec", $"stty rows 31 cols 101; {AtollCli.Program()} sandbox sh {box.Id}", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach ((string name, string value) in _cli.Environment)
        {
            start.Environment[name] = value;
        }

        using Process script = Process.Start(start)!;
        await script.StandardInput.WriteAsync("echo =$((6*7))=; stty size; tty; exit 5\n");
        await script.StandardInput.FlushAsync();
        string said = await script.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await script.WaitForExitAsync().WaitAsync(Patience);

        Assert.Equal(5, script.ExitCode);
        Assert.Contains("=42=", said, StringComparison.Ordinal);
        Assert.Contains("31 101", said, StringComparison.Ordinal);
        Assert.Contains("/dev/pts/", said, StringComparison.Ordinal);
    }

    [RealMachineFact]
    public async Task Ports_get_names_and_lose_them()
    {
        await using Box box = await fixture.Api.CreateAsync();

        Assert.Equal(0, (await _cli.RunAsync("sandbox", "port", "add", box.Id, "--port", "8080", "--name", "web")).Code);
        Assert.Contains("8080  web   TCP       8080", (await _cli.RunAsync("sandbox", "port", "list", box.Id)).Output);
        Assert.Equal(1, (await _cli.RunAsync("sandbox", "port", "add", box.Id, "--port", "8080", "--name", "web2")).Code);
        Assert.Equal(0, (await _cli.RunAsync("sandbox", "port", "remove", box.Id, "8080")).Code);
        Assert.Equal(1, (await _cli.RunAsync("sandbox", "port", "remove", box.Id, "8080")).Code);
    }
}
