using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Host.Control;

/// <summary>Control over a real file system that sandboxes have filled to the last byte.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string _disk = Directory.CreateTempSubdirectory("atoll-full-").FullName;

    public FullDiskTests() => Mounts.Mount("tmpfs", _disk, "tmpfs", MountFlags.MS_NODEV, "size=160m");

    private string Ballast => Path.Combine(_disk, "data", "ballast");

    private string Filler => Path.Combine(_disk, "filler");

    public void Dispose()
    {
        Assert.True(Mounts.Unmount(_disk));
        Directory.Delete(_disk);
    }

    [Fact]
    public async Task Sandboxes_on_a_full_disk_are_deleted_and_expire_and_that_makes_room()
    {
        await using ControlWorld world = await StartAsync();
        Sandbox deleted = await world.CreateAsync();
        Sandbox expiring = await world.CreateAsync();
        Assert.InRange(new DriveInfo(_disk).AvailableFreeSpace, 1, 96 * 1024 * 1024);
        Fill();

        await world.Sandboxes.DeleteAsync(world.Root, deleted.Id, default).WaitAsync(ControlWorld.Bound);
        await world.UntilAsync(deleted.Id, gone => gone is null);
        world.Time.Advance(TimeSpan.FromSeconds(301));
        Sandbox over = await world.UntilAsync(expiring.Id, SandboxState.Terminated);
        await world.AsleepAsync(expiring.Id);

        Assert.Equal("reached its timeout of 300 s", over.Reason);
        Assert.Equal(SandboxState.Terminated, world.Store.Find(expiring.Id)!.State);
        Assert.Empty(world.Machine.Things);
    }

    [Fact]
    public async Task Without_any_room_a_sandbox_is_ended_first_and_stored_as_ended_when_there_is_room_again()
    {
        await using ControlWorld world = await StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Sandbox deleted = await world.CreateAsync();
        await FillWithoutBallastAsync(world);

        Assert.Equal(SandboxState.Terminating, (await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default)).State);
        await world.Sandboxes.DeleteAsync(world.Root, deleted.Id, default);
        await world.UntilAsync(sandbox.Id, _ => world.Machine.Things.Count == 0);
        Assert.Equal(SandboxState.Running, world.Store.Find(sandbox.Id)!.State);

        File.Delete(Filler);
        await world.UntilAsync(sandbox.Id, _ => Later(world) && world.Store.Find(sandbox.Id)!.State == SandboxState.Terminated);
        await world.UntilAsync(deleted.Id, gone => Later(world) && gone is null);
        await world.UntilAsync(sandbox.Id, _ => Later(world) && File.Exists(Ballast));
    }

    [Fact]
    public async Task A_server_starts_on_a_full_disk()
    {
        await using ControlWorld world = await StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.StopAsync();
        Fill();

        await world.StartControlAsync();

        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
        await world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default);
        await world.UntilAsync(sandbox.Id, gone => gone is null);
    }

    private Task<ControlWorld> StartAsync() => ControlWorld.StartAsync(
        world => world.Options = world.Options with { StorageReserve = 0 }, Path.Combine(_disk, "data"));

    private static bool Later(ControlWorld world)
    {
        world.Time.Advance(TimeSpan.FromSeconds(1));
        return true;
    }

    /// <summary>Leaves not one page free.</summary>
    private void Fill()
    {
        using FileStream file = new(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] page = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Fills what the ballast left too, and lets the database use up what it has set aside in its journal.</summary>
    private async Task FillWithoutBallastAsync(ControlWorld world)
    {
        Sandbox? used = await world.CreateAsync();
        Fill();
        File.Delete(Ballast);
        Fill();
        try
        {
            for (int seconds = 301; ; seconds++)
            {
                used = await world.Sandboxes.SetTimeoutAsync(
                    world.Root, used.Id, TimeSpan.FromSeconds(seconds), TimeoutRule.OnlyLonger, default);
            }
        }
        catch (Microsoft.Data.Sqlite.SqliteException e) when (Atoll.Control.Stores.Database.IsOutOfRoom(e))
        {
            await world.Sandboxes.DeleteAsync(world.Root, used.Id, default);
        }
    }
}
