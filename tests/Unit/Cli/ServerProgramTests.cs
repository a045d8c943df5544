using System.Diagnostics;
using Atoll.Cli;
using Xunit;

namespace Atoll.Unit.Cli;

public sealed class ServerProgramTests : CliRun
{
    [Theory]
    [InlineData("serve", "--listen", "127.0.0.1:0")]
    [InlineData("doctor", "--help")]
    [InlineData("template", "build", "x", "-o", "json")]
    [InlineData("auth", "key", "create", "--name", "ci")]
    public async Task The_servers_verbs_go_to_its_program_as_they_stand(params string[] args)
    {
        Environment["ATOLL_SERVER"] = "/bin/echo";

        Assert.Equal(1, await RunAsync(args));

        Assert.Equal("/bin/echo", Replaced!.Value.Path);
        Assert.Equal(["/bin/echo", .. args], Replaced.Value.Arguments);
        Assert.Contains("cannot run /bin/echo: error 13", Error);
    }

    [Fact]
    public async Task Global_options_before_the_verb_do_not_hide_it()
    {
        Environment["ATOLL_SERVER"] = "/bin/echo";

        await RunAsync("--profile", "p", "serve", "--listen", "x");

        Assert.Equal(["/bin/echo", "serve", "--listen", "x"], Replaced!.Value.Arguments);
    }

    [Fact]
    public async Task A_server_that_is_not_installed_is_told_with_the_places_searched()
    {
        Environment["ATOLL_SERVER"] = "/nonexistent/atoll-server";

        Assert.Equal(1, await RunAsync("serve"));

        Assert.Contains("/nonexistent/atoll-server", Error);
        Assert.Null(Replaced);
    }

    [Fact]
    public async Task The_real_process_becomes_the_program_with_arguments_and_exit_code()
    {
        string script = Path.Combine(Home, "server");
        File.WriteAllText(script, "#!/bin/sh\nprintf '%s|' \"$@\"\nexit 42\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = ["exec", "--roll-forward", "Major", typeof(Terminal).Assembly.Location, "serve", "a b", "", "é"];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["ATOLL_SERVER"] = script;

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("serve|a b||é|", output + await error);
        Assert.Equal(42, process.ExitCode);
    }
}
