using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Cli;

/// <summary>The built program against a real server: what a person at a terminal, and a script, rely on.</summary>
[Collection(SharedServer.Name)]
public sealed class CliTests(ServerFixture fixture) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly AtollCli _cli = new();

    private string Url => fixture.Api.Http.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>Every test begins logged in; the key goes in by standard input, never by the arguments.</summary>
    public async Task InitializeAsync()
    {
        CliOutcome login = await _cli.RunWithInputAsync(fixture.Api.Key + "\n", "auth", "login", "--server-url", Url, "--api-key", "-");
        Assert.True(login.Code == 0, $"login: {login}");
        Assert.StartsWith($"Logged in to {Url} as ", login.Output);
    }

    public Task DisposeAsync()
    {
        _cli.Dispose();
        return Task.CompletedTask;
    }

    [RealMachineFact]
    public async Task Login_keeps_the_key_for_its_user_alone_until_logout()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_cli.ConfigPath));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.GetDirectoryName(_cli.ConfigPath)!));

        CliOutcome me = await _cli.RunAsync("auth", "whoami", "-o", "json");
        string user = (await fixture.Api.GetAsync("/v1/users/me")).String("user_id");
        JsonElement shown = JsonDocument.Parse(me.Output).RootElement;
        Assert.Equal((0, ""), (me.Code, me.Error));
        Assert.Equal((user, Url), (shown.GetProperty("user_id").GetString(), shown.GetProperty("server_url").GetString()));
        Assert.DoesNotContain(fixture.Api.Key, me.Output);

        Assert.Equal(0, (await _cli.RunAsync("auth", "logout")).Code);
        Assert.DoesNotContain(fixture.Api.Key, File.ReadAllText(_cli.ConfigPath));
        CliOutcome nobody = await _cli.RunAsync("auth", "whoami");
        Assert.Equal(1, nobody.Code);
        Assert.StartsWith("Error: no API key for", Assert.Single(nobody.ErrorLines));
    }

    [RealMachineFact]
    public async Task A_sandbox_is_created_listed_shown_terminated_and_deleted()
    {
        CliOutcome made = await _cli.RunAsync("sandbox", "create", "--name", "by-cli", "--no-terminal", "--timeout", "600", "--env", "COLOUR=blue");
        Assert.True(made.Code == 0, $"create: {made}");
        string line = Assert.Single(made.Output.Split('\n'), line => line.Contains("Sandbox ID:"));
        string id = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        await using var box = new Box(fixture.Api, id, new Reply(201, "{}"));
        Assert.Matches("^sbx-[0-9a-z]{26}$", id);

        CliOutcome listed = await _cli.RunAsync("sandbox", "list", "--all", "-o", "json");
        JsonElement page = JsonDocument.Parse(listed.Output).RootElement;
        JsonElement row = Assert.Single(page.GetProperty("sandboxes").EnumerateArray(), sandbox => sandbox.GetProperty("sandbox_id").GetString() == id);
        Assert.Equal(("by-cli", "running"), (row.GetProperty("name").GetString(), row.GetProperty("status").GetString()));
        Assert.True(page.GetProperty("pagination").GetProperty("total").GetInt32() >= 1);
        Assert.Contains(id, (await _cli.RunAsync("sandbox", "list", "--limit", "100")).Output);

        CliOutcome shown = await _cli.RunAsync("sandbox", "get", id);
        Assert.Equal((0, ""), (shown.Code, shown.Error));
        Assert.Matches("(?m)^Status: +running$", shown.Output);

        CliOutcome said = await _cli.RunAsync("sandbox", "exec", id, "echo $COLOUR");
        Assert.Equal((0, "blue\n", ""), (said.Code, said.Output, said.Error));

        CliOutcome ended = await _cli.RunAsync("sandbox", "terminate", id);
        Assert.Equal((0, $"{id}: termination_in_progress\n"), (ended.Code, ended.Output));
        await fixture.Api.UntilAsync(id, Patience, "terminated");

        CliOutcome deleted = await _cli.RunAsync("sandbox", "delete", id, "--force");
        Assert.Equal((0, $"{id}: deletion_in_progress\n"), (deleted.Code, deleted.Output));
        await fixture.Api.UntilGoneAsync(id, Patience);
    }

    [RealMachineFact]
    public async Task Exec_passes_output_errors_and_exit_code_through()
    {
        await using Box box = await fixture.Api.CreateAsync();

        CliOutcome apart = await _cli.RunAsync("sandbox", "exec", box.Id, "echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n", "err\n"), (apart.Code, apart.Output, apart.Error));

        CliOutcome signalled = await _cli.RunAsync("sandbox", "exec", box.Id, "kill -TERM $$");
        Assert.Equal((128 + 15, "", ""), (signalled.Code, signalled.Output, signalled.Error));

        CliOutcome elsewhere = await _cli.RunAsync("sandbox", "exec", box.Id, "--cwd", "/usr/lib", "--env", "X=a b", "--", "pwd; echo \"$X\"");
        Assert.Equal((0, "/usr/lib\na b\n", ""), (elsewhere.Code, elsewhere.Output, elsewhere.Error));

        CliOutcome large = await _cli.RunAsync("sandbox", "exec", box.Id, "head -c 1000000 /dev/zero | tr '\\0' x");
        Assert.Equal((0, 1_000_000, ""), (large.Code, large.Output.Length, large.Error));
    }

    [RealMachineFact]
    public async Task Exec_over_its_time_is_killed_and_ends_with_124()
    {
        await using Box box = await fixture.Api.CreateAsync();

        CliOutcome late = await _cli.RunAsync("sandbox", "exec", box.Id, "--timeout", "1", "echo begun; sleep 500");

        Assert.Equal((124, "begun\n"), (late.Code, late.Output));
        Assert.Equal("Error: the command was killed after 1 s: give it more with --timeout.", Assert.Single(late.ErrorLines));
        Assert.False(await IsActiveAsync(box));
    }

    [RealMachineFact]
    public async Task Ctrl_C_cancels_the_remote_command_and_ends_with_130()
    {
        await using Box box = await fixture.Api.CreateAsync();
        using CliProcess exec = _cli.Start("sandbox", "exec", box.Id, "echo begun; sleep 500; echo ended");
        Assert.Equal("begun", await exec.LineAsync(Patience));
        Assert.True(await IsActiveAsync(box));

        await exec.InterruptAsync();
        CliOutcome interrupted = await exec.EndAsync(Patience);

        Assert.Equal((130, ""), (interrupted.Code, interrupted.Output));
        Assert.StartsWith("Cancelling the command", Assert.Single(interrupted.ErrorLines));
        Assert.False(await IsActiveAsync(box));
        Assert.Equal("free\n", (await _cli.RunAsync("sandbox", "exec", box.Id, "pgrep -x sleep || echo free")).Output);
    }

    [RealMachineFact]
    public async Task An_id_that_is_not_there_is_one_line_and_1()
    {
        const string missing = "sbx-01kax7c0c1d2e3f4g5h6j7k8m9";
        string[][] commands = [["get", missing], ["exec", missing, "true"], ["terminate", missing], ["delete", missing, "--force"]];
        foreach (string[] command in commands)
        {
            CliOutcome outcome = await _cli.RunAsync(["sandbox", .. command]);
            Assert.Equal((1, ""), (outcome.Code, outcome.Output));
            Assert.Equal($"Error: sandbox '{missing}' not found. See 'atoll sandbox list'.", Assert.Single(outcome.ErrorLines));
        }
    }

    [RealMachineFact]
    public async Task What_the_server_refuses_is_one_line_and_1()
    {
        CliOutcome template = await _cli.RunAsync("sandbox", "create", "--template", "no-such-template");
        Assert.Equal((1, ""), (template.Code, template.Output));
        Assert.Contains("no-such-template", Assert.Single(template.ErrorLines));
        Assert.DoesNotContain("sandbox list", template.Error);

        CliOutcome storage = await _cli.RunAsync("sandbox", "create", "--object-storage", """{"uri":"s3://b","mount_point":"/mnt/b"}""");
        Assert.Equal((1, ""), (storage.Code, storage.Output));
        Assert.Contains("object_storage", Assert.Single(storage.ErrorLines));
    }

    [RealMachineFact]
    public async Task A_wrong_key_is_refused_with_the_remedy_and_login_keeps_the_old_one()
    {
        string wrong = "sk-" + new string('0', 40);
        string before = File.ReadAllText(_cli.ConfigPath);
        CliOutcome login = await _cli.RunWithInputAsync(wrong + "\n", "auth", "login", "--server-url", Url, "--api-key", "-");
        Assert.Equal((1, ""), (login.Code, login.Output));
        Assert.Equal(before, File.ReadAllText(_cli.ConfigPath));

        _cli.Environment["SCALEBOX_API_KEY"] = wrong;
        CliOutcome listed = await _cli.RunAsync("sandbox", "list");
        Assert.Equal((1, ""), (listed.Code, listed.Output));
        Assert.EndsWith("Run 'atoll auth login' or correct SCALEBOX_API_KEY.", Assert.Single(listed.ErrorLines));
        Assert.DoesNotContain(wrong, listed.Error);
    }

    [RealMachineFact]
    public async Task A_server_that_is_not_reachable_is_named_in_one_line()
    {
        string closed = $"http://127.0.0.1:{ClosedPort()}";
        _cli.Environment["SCALEBOX_SERVER_URL"] = closed;

        CliOutcome outcome = await _cli.RunAsync("sandbox", "create");

        Assert.Equal((1, ""), (outcome.Code, outcome.Output));
        string line = Assert.Single(outcome.ErrorLines);
        Assert.StartsWith($"Error: health check timeout: no answer from {closed}", line);
        Assert.Contains("atoll serve", line);
    }

    private static async Task<bool> IsActiveAsync(Box box) => (await box.Api.GetAsync($"{box.Path}/exec/active")).Json.GetProperty("active").GetBoolean();

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
