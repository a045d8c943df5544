using System.Diagnostics;
using System.Text.Json;
using Atoll.Conformance.Servers;
using Xunit;

namespace Atoll.Conformance.Processes;

[Collection(SharedServer.Name)]
public sealed class ExecTests(ServerFixture server)
{
    [Fact]
    public async Task A_command_says_ready_start_its_output_and_its_end()
    {
        await using Box box = await server.Api.CreateAsync("""{"env_vars":{"FROM_BOX":"box","BOTH":"box"}}""");
        ExecOutcome done = await box.ExecAsync(
            "echo $FROM_BOX $BOTH $FROM_EXEC; pwd; echo oops >&2; exit 7", ""","cwd":"/tmp","env":{"BOTH":"exec","FROM_EXEC":"exec"}""");
        Assert.Equal("box exec exec\n/tmp\n", done.Output);
        Assert.Equal("oops\n", done.Error);
        Assert.Equal(7, done.ExitCode);
        Assert.Equal(["ready", "start"], done.Events.Take(2).Select(e => e.Name));
        Assert.True(done.Events[1].Data.GetProperty("pid").GetInt32() > 0);
    }

    [RealMachineFact]
    public async Task A_real_linux_runs_python()
    {
        await using Box box = await server.Api.CreateAsync();
        ExecOutcome done = await box.ExecAsync("uname -s && python3 -c 'print(6*7); import sys; print(sys.stdout.encoding)' && echo $LANG");
        Assert.Equal(("Linux\n42\nutf-8\nC.UTF-8\n", "", 0), (done.Output, done.Error, done.ExitCode));
    }

    [RealMachineFact]
    public async Task The_user_has_sudo_without_a_password()
    {
        await using Box box = await server.Api.CreateAsync();
        ExecOutcome done = await box.ExecAsync("su user -c 'sudo -n id -u; echo in | sudo cat; sudo -n sh -c \"exit 7\"'");
        Assert.Equal(("0\nin\n", "", 7), (done.Output, done.Error, done.ExitCode));

        done = await box.ExecAsync("su -s /bin/sh nobody -c 'sudo -n id -u'");
        Assert.Equal(("", 1), (done.Output, done.ExitCode));
        Assert.Contains("not in the group sudo", done.Error);
    }

    [RealMachineFact]
    public async Task A_background_child_that_keeps_running_does_not_hold_the_end_back()
    {
        await using Box box = await server.Api.CreateAsync();
        var watch = Stopwatch.StartNew();
        ExecOutcome done = await box.ExecAsync("sleep 30 > /dev/null 2>&1 & echo started");
        Assert.Equal("started\n", done.Output);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task A_signal_is_128_and_its_number()
    {
        await using Box box = await server.Api.CreateAsync();
        ExecOutcome done = await box.ExecAsync("kill -9 $$; sleep 5");
        Assert.Equal(137, done.ExitCode);
        Assert.Equal(9, done.Events[^1].Data.GetProperty("signal").GetInt32());
    }

    [Fact]
    public async Task One_command_at_a_time_and_cancel_makes_room()
    {
        await using Box box = await server.Api.CreateAsync();
        await box.StartAsync("echo begun; sleep 60");
        (await server.Api.PostAsync($"{box.Path}/exec", """{"command":"echo second"}""")).IsError(409, "busy");
        JsonElement active = (await server.Api.GetAsync($"{box.Path}/exec/active")).Json;
        Assert.True(active.GetProperty("active").GetBoolean());
        Assert.Equal("echo begun; sleep 60", active.GetProperty("command").GetString());
        Assert.Equal("/", active.GetProperty("cwd").GetString());
        Assert.Equal($"{box.Path}/exec/stream", active.GetProperty("stream_path").GetString());
        using ExecStream stream = await box.FollowAsync();
        await stream.UntilAsync("stdout");
        Assert.Equal("""{"cancelled":true}""", (await server.Api.SendAsync(HttpMethod.Delete, $"{box.Path}/exec")).Text);
        Assert.Equal(137, (await stream.UntilAsync("end")).Data.GetProperty("exit_code").GetInt32());
        Assert.Equal("""{"active":false}""", (await server.Api.GetAsync($"{box.Path}/exec/active")).Text);
        Assert.Equal("""{"cancelled":false}""", (await server.Api.SendAsync(HttpMethod.Delete, $"{box.Path}/exec")).Text);
        Assert.Equal("third\n", (await box.ExecAsync("echo third")).Output);
    }

    [Fact]
    public async Task A_timeout_of_a_command_kills_it()
    {
        await using Box box = await server.Api.CreateAsync();
        var watch = Stopwatch.StartNew();
        ExecOutcome done = await box.ExecAsync("sleep 60", ",\"timeout\":1");
        Assert.Equal(137, done.ExitCode);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task A_reader_that_comes_late_or_again_gets_the_run_from_its_start_and_one_that_resumes_gets_the_rest()
    {
        await using Box box = await server.Api.CreateAsync();
        await box.StartAsync("echo one; sleep 1; echo two");
        ExecEvent first;
        using (ExecStream stream = await box.FollowAsync())
        {
            first = await stream.UntilAsync("stdout");
        }

        using ExecStream resumed = await box.FollowAsync(first.Id);
        Assert.Equal("two\n", ExecCalls.Text(await resumed.RestAsync(), "stdout"));
        using ExecStream again = await box.FollowAsync();
        List<ExecEvent> all = await again.RestAsync();
        Assert.Equal("one\ntwo\n", ExecCalls.Text(all, "stdout"));
        Assert.Equal("end", all[^1].Name);
    }

    [Fact]
    public async Task A_client_that_disconnects_leaves_the_command_running()
    {
        await using Box box = await server.Api.CreateAsync();
        await box.StartAsync("echo begun; sleep 2; echo ended");
        using (ExecStream stream = await box.FollowAsync())
        {
            await stream.UntilAsync("stdout");
        }

        Assert.True((await server.Api.GetAsync($"{box.Path}/exec/active")).Json.GetProperty("active").GetBoolean());
        using ExecStream later = await box.FollowAsync();
        Assert.Equal("begun\nended\n", ExecCalls.Text(await later.RestAsync(), "stdout"));
    }

    [Fact]
    public async Task Large_output_arrives_whole_at_a_reader_that_keeps_up()
    {
        const int Size = 8 * 1024 * 1024;
        await using Box box = await server.Api.CreateAsync();
        await box.StartAsync($"sleep 1; head -c {Size} /dev/zero");
        using ExecStream stream = await box.FollowAsync();
        List<ExecEvent> events = await stream.RestAsync();
        Assert.DoesNotContain("dropped", events.Select(e => e.Name));
        Assert.Equal(Size, events.Where(e => e.Name == "stdout").Sum(e => e.ToBytes().Length));
        Assert.Equal(0, events[^1].Data.GetProperty("exit_code").GetInt32());
    }

    [Fact]
    public async Task Output_that_nobody_reads_is_dropped_from_its_start_and_the_stream_says_how_much()
    {
        const long Size = 100_000_000;
        await using Box box = await server.Api.CreateAsync();
        await box.StartAsync($"head -c {Size} /dev/zero");
        var watch = Stopwatch.StartNew();
        while ((await server.Api.GetAsync($"{box.Path}/exec/active")).Json.GetProperty("active").GetBoolean())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(90), "the command is held back for ever");
            await Task.Delay(100);
        }

        using ExecStream stream = await box.FollowAsync();
        List<ExecEvent> events = await stream.RestAsync();
        long kept = events.Where(e => e.Name == "stdout").Sum(e => (long)e.ToBytes().Length);
        long dropped = events.Where(e => e.Name == "dropped").Sum(e => e.Data.GetProperty("bytes").GetInt64());
        Assert.Equal(Size, kept + dropped);
        Assert.InRange(kept, 1, 16 * 1024 * 1024);
        Assert.Equal("end", events[^1].Name);
    }

    [Fact]
    public async Task The_sandboxs_token_opens_its_stream_and_no_other()
    {
        await using Box box = await server.Api.CreateAsync();
        await using Box other = await server.Api.CreateAsync();
        await box.ExecAsync("echo hi");
        string token = box.Created.String("envd_access_token");
        Assert.Equal(200, (int)(await server.Api.Http.GetAsync($"{box.Path}/exec/stream?token={token}")).StatusCode);
        Assert.Equal(200, (int)(await server.Api.Http.GetAsync($"{box.Path}/exec/stream?token={server.Api.Key}")).StatusCode);
        Assert.Equal(401, (int)(await server.Api.Http.GetAsync($"{other.Path}/exec/stream?token={token}")).StatusCode);
        Assert.Equal(401, (int)(await server.Api.Http.GetAsync($"{box.Path}?token={token}")).StatusCode);
    }

    [Fact]
    public async Task A_sandbox_that_is_over_runs_nothing()
    {
        await using Box box = await server.Api.CreateAsync();
        await server.Api.PostAsync($"{box.Path}/terminate");
        await server.Api.UntilAsync(box.Id, TimeSpan.FromSeconds(30), "terminated");
        (await server.Api.PostAsync($"{box.Path}/exec", """{"command":"true"}""")).IsError(409, "wrong_state");
        (await server.Api.GetAsync($"{box.Path}/exec/stream")).IsError(409, "wrong_state");
        (await server.Api.GetAsync($"{box.Path}/exec/active")).IsError(409, "wrong_state");
        (await server.Api.SendAsync(HttpMethod.Delete, $"{box.Path}/exec")).IsError(409, "wrong_state");
    }

    [Theory]
    [InlineData("{}", "command")]
    [InlineData("{\"command\":\"\"}", "command")]
    [InlineData("{\"command\":1}", "command")]
    [InlineData("{\"command\":\"true\",\"cwd\":\"relative\"}", "cwd")]
    [InlineData("{\"command\":\"true\",\"env\":{\"A=B\":\"\"}}", "env")]
    [InlineData("{\"command\":\"true\",\"timeout\":0}", "timeout")]
    public async Task A_bad_start_is_400_and_names_the_field(string body, string field)
    {
        await using Box box = await server.Api.CreateAsync();
        (await server.Api.PostAsync($"{box.Path}/exec", body)).IsError(400, "invalid_argument", field);
    }

    [Fact]
    public async Task A_stream_without_a_run_is_404()
    {
        await using Box box = await server.Api.CreateAsync();
        (await server.Api.GetAsync($"{box.Path}/exec/stream")).IsError(404, "not_found");
    }
}
