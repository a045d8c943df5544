using Atoll.Domain;
using Atoll.Domain.Templates;
using Atoll.Host.Runtimes;
using Atoll.Node.Templates.Roots;
using Xunit;

namespace Atoll.Host.Templates;

/// <summary>A sandbox that hands out something else for its files: refused or without harm, and nothing is left of it.</summary>
[Collection(GVisorCollection.Name)]
public sealed class HostileArchiveTests(GVisorMachine machine, RootSource source) : IClassFixture<RootSource>, IDisposable
{
    private readonly string _canary = Directory.CreateTempSubdirectory("atoll-test-canary").FullName;

    public void Dispose() => Directory.Delete(_canary, recursive: true);

    [Theory]
    [InlineData("../escaped")]
    [InlineData("../../escaped")]
    [InlineData("a/../../escaped")]
    public async Task A_name_that_climbs_out_is_refused(string name) => await RefusedAsync(new HostileTar().File("a/b", "b").File(name, "out"));

    [Fact]
    public async Task An_absolute_name_is_one_within_the_root()
    {
        string outside = Path.Combine(_canary, "absolute");

        await MadeAsync(new HostileTar().File(outside, "in"), root => Assert.Equal("in", File.ReadAllText(root + outside)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../../../../../../../../../..")]
    public async Task What_is_written_through_a_link_does_not_leave_the_root(string up) =>
        await HarmlessAsync(new HostileTar().Symlink("link", up + _canary).File("link/escaped", "out").File("link/kept", "out"));

    [Theory]
    [InlineData("")]
    [InlineData("../../../../../../../../../../..")]
    public async Task A_link_to_a_file_is_replaced_and_not_followed(string up) =>
        await HarmlessAsync(new HostileTar().Symlink("link", $"{up}{_canary}/kept").File("link", "out"));

    [Theory]
    [InlineData("")]
    [InlineData("../../../../../../../../../../..")]
    public async Task A_hard_link_to_what_is_outside_does_not_reach_it(string up) =>
        await HarmlessAsync(new HostileTar().Hardlink("link", $"{up}{_canary}/kept").File("link", "out"));

    [Fact]
    public async Task What_the_server_itself_writes_is_not_led_away() =>
        await HarmlessAsync(new HostileTar().Symlink("up", "..").Symlink("up/root.json", _canary + "/kept").Symlink("etc", _canary).Symlink(".atoll", _canary).Symlink("tmp", _canary));

    [Fact]
    public async Task Devices_do_not_stay() => await MadeAsync(
        new HostileTar().BlockDevice("disk").CharacterDevice("dev/null").File("kept", "x"),
        root => Assert.Equal((false, false, true), (File.Exists(root + "/disk"), File.Exists(root + "/dev/null"), File.Exists(root + "/kept"))));

    [Fact]
    public async Task A_file_that_claims_more_than_there_may_be_is_too_large() =>
        Assert.Equal(FaultCode.TooLarge, (await RefusedAsync(new HostileTar().Claimed("bomb", 1L << 33))).Code);

    [Fact]
    public async Task A_file_that_is_cut_off_is_refused() => await RefusedAsync(new HostileTar().Claimed("short", 1 << 20));

    [Fact]
    public async Task What_is_no_archive_is_refused() => await RefusedAsync(() => source.CaptureAsync(new MemoryStream([.. Enumerable.Repeat((byte)'x', 5000)]), 1 << 20));

    [Fact]
    public async Task More_files_than_there_may_be_are_too_many()
    {
        HostileTar archive = new HostileTar().File("1", "").File("2", "").File("3", "");

        var refused = await Assert.ThrowsAsync<FaultException>(() => new ArchiveBounds(1 << 20, files: 2).CountAsync(archive.End(), default));

        Assert.Equal(FaultCode.TooLarge, refused.Fault.Code);
    }

    [Fact]
    public async Task A_stream_without_an_end_is_cut_off_and_its_program_killed()
    {
        await source.ReplaceTarAsync("exec cat /dev/zero");

        Fault fault = await RefusedAsync(() => source.Roots.CaptureAsync(source.Id, 4 << 20, RootSource.Soon()));

        Assert.Equal(FaultCode.TooLarge, fault.Code);
        Assert.DoesNotContain(await source.Agent.ListAsync(RootSource.Soon()), process => process.Arguments[0] == "tar");
    }

    [Fact]
    public async Task A_program_that_fails_is_told_with_what_it_said()
    {
        await source.ReplaceTarAsync("echo no such thing >&2; exit 2");

        Fault fault = await RefusedAsync(() => source.Roots.CaptureAsync(source.Id, 4 << 20, RootSource.Soon()));

        Assert.Equal((FaultCode.WrongState, "tar failed in the sandbox with code 2: no such thing"), (fault.Code, fault.Message));
    }

    [Fact]
    public async Task One_that_is_given_up_halfway_leaves_nothing()
    {
        await source.ReplaceTarAsync("head -c 100000 /dev/zero; sleep 600");
        using var given = new CancellationTokenSource();
        Task<MadeRoot> making = source.Roots.CaptureAsync(source.Id, 4 << 20, given.Token);
        await UntilAsync(() => Directory.EnumerateFiles(machine.RootsDirectory, "archive.tar", SearchOption.AllDirectories).Any());

        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => making);
        Assert.Empty(source.Kept);
        Assert.DoesNotContain(await source.Agent.ListAsync(RootSource.Soon()), process => process.Arguments[0] == "tar");
    }

    [Fact]
    public async Task What_is_being_unpacked_when_it_is_given_up_is_removed()
    {
        string half = machine.Roots.Begin();
        string given = Path.Combine(_canary, "kept");
        File.WriteAllText(given, "kept");
        using var cancellation = new CancellationTokenSource();
        Task<string> filling = new Confinement(machine.Processes).RunAsync(
            half, given, "i=0; while :; do mkdir d$i; : > d$i/f; i=$((i + 1)); done", TimeSpan.FromMinutes(2), cancellation.Token);
        await UntilAsync(() => Directory.EnumerateFileSystemEntries(half).Any());

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => filling);
        await source.Roots.StartAsync(default);
        Assert.Empty(source.Kept);
    }

    [Fact]
    public async Task A_confined_program_sees_nothing_of_the_machine_but_its_programs()
    {
        string half = machine.Roots.Begin();
        string given = Path.Combine(_canary, "kept");
        File.WriteAllText(given, "kept");

        string seen = await new Confinement(machine.Processes).RunAsync(
            half, given,
            "cat /given; echo; echo /*; for f in /usr/x /given /new/x; do (: > $f) 2> /tmp/no || echo no; done; wc -l < /proc/net/route; grep CapEff /proc/self/status | cut -c9-",
            TimeSpan.FromMinutes(1), RootSource.Soon());

        await source.Roots.StartAsync(default);
        Assert.Equal("kept\n/bin /dev /given /lib /lib64 /proc /sbin /tmp /usr /work\nno\nno\nno\n1\n000000008800001b\n", seen);
    }

    private Task<Fault> RefusedAsync(HostileTar archive) => RefusedAsync(() => source.CaptureAsync(archive.End(), 1 << 30));

    private async Task<Fault> RefusedAsync(Func<Task<MadeRoot>> make)
    {
        await File.WriteAllTextAsync(Path.Combine(_canary, "kept"), "kept");
        var refused = await Assert.ThrowsAsync<FaultException>(make);
        Unharmed();
        return refused.Fault;
    }

    private async Task MadeAsync(HostileTar archive, Action<string> look)
    {
        await File.WriteAllTextAsync(Path.Combine(_canary, "kept"), "kept");
        MadeRoot root = await source.CaptureAsync(archive.End(), 1 << 30);
        try
        {
            look(machine.Roots.PathOf(root.Id)!);
        }
        finally
        {
            root.Release();
            await source.Roots.RemoveAsync(root.Id, default);
        }

        Unharmed();
    }

    private async Task HarmlessAsync(HostileTar archive)
    {
        try
        {
            await MadeAsync(archive, _ => { });
        }
        catch (FaultException)
        {
            Unharmed();
        }
    }

    private void Unharmed()
    {
        Assert.Empty(source.Kept);
        Assert.Equal([Path.Combine(_canary, "kept")], Directory.EnumerateFileSystemEntries(_canary));
        Assert.Equal("kept", File.ReadAllText(Path.Combine(_canary, "kept")));
        Assert.False(File.Exists(Path.Combine(machine.RootsDirectory, "../escaped")));
    }

    private static async Task UntilAsync(Func<bool> there)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!there())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
