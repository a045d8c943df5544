using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Atoll.Control.Recovery;
using Atoll.Control.Stores;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Recovery;
using Atoll.Server.Backup;
using Atoll.Unit.Api;
using Atoll.Unit.Control;
using Dapper;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Atoll.Unit.Backup;

/// <summary>Backups of a server that runs, and data directories made of them.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("atoll-backup-").FullName;

    private string File1 => Path.Combine(_root, "backup.tar");

    private string Target => Path.Combine(_root, "restored");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_backup_of_a_server_that_runs_makes_another_with_the_same_keys_and_its_running_sandboxes_failed()
    {
        var server = new SimulatedServer();
        await server.InitializeAsync();
        try
        {
            RunningBox box = await server.CreateAsync(new { metadata = new { kept = "yes" } });
            string authority = await server.Client.GetStringAsync("/ca.pem");
            string image = Path.Combine(server.DataDirectory, "images", "0123");
            Directory.CreateDirectory(image);
            File.WriteAllText(Path.Combine(image, "memory"), "pages");

            using var over = new CancellationTokenSource();
            Task writing = WriteUntilAsync(server, box, over.Token);
            BackupManifest made = await new BackupWriter(server.DataDirectory, TimeProvider.System, (_, _) => { }).WriteAsync(File1, images: true, default);
            await over.CancelAsync();
            await writing;
            Assert.Equal(["atoll.db", "ca.key.pem", "images/0123/memory", "secret.key"], made.Files.Keys.Order(StringComparer.Ordinal));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(File1));
            Assert.Equal([File1], Directory.GetFileSystemEntries(_root));

            Assert.Equal(1, await RestoreAsync(Target));
            Assert.Equal("pages", File.ReadAllText(Path.Combine(Target, "images", "0123", "memory")));
            await server.StopAsync();
            server.Shape = options => options with { Node = options.Node with { DataDirectory = Target } };
            await server.StartAsync();

            JsonElement restored = (await server.ControlAsync(HttpMethod.Get, $"/v1/sandboxes/{box.Name}")).Data;
            Assert.Equal("failed", restored.GetProperty("status").GetString());
            Assert.Equal("was running when the backup was made from which the server was restored", restored.GetProperty("reason").GetString());
            Assert.Equal("yes", restored.GetProperty("metadata").GetProperty("kept").GetString());
            Assert.Equal(box.Token, restored.GetProperty("envd_access_token").GetString());
            Assert.Equal(authority, await server.Client.GetStringAsync("/ca.pem"));
            await server.CreateAsync();
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Paused_sandboxes_stay_when_their_image_is_in_the_backup()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox kept = await PausedAsync(world, "images-kept");
        Sandbox bare = await PausedAsync(world, "images-gone");
        string copy = Path.Combine(_root, StoreBackup.DatabaseName);
        StoreBackup.Copy(world.DataDirectory, copy);

        Assert.Equal(1, await StoreBackup.SettleAsync(_root, image => image == kept.Image!.Value.Value, TimeProvider.System));

        using var connection = new SqliteConnection($"Data Source={copy};Pooling=false");
        Dictionary<string, (string State, string Reason)> states = connection
            .Query<(string Id, string State, string Reason)>("select id, state, reason from sandboxes").ToDictionary(row => row.Id, row => (row.State, row.Reason));
        Assert.Equal("paused", states[kept.Id.Value].State);
        Assert.Equal("failed", states[bare.Id.Value].State);
        Assert.Contains("its image is not in that", states[bare.Id.Value].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_with_anything_in_it_is_left_alone_unless_forced_and_never_while_a_server_runs_on_it()
    {
        await MakeAsync();
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "atoll.db-wal"), "of the old database");
        IOException e = await Assert.ThrowsAsync<IOException>(() => RestoreAsync(Target));
        Assert.Contains("--force", e.Message, StringComparison.Ordinal);

        using (InstanceLock.Take(Target))
        {
            Assert.Contains("another Atoll server runs", (await Assert.ThrowsAsync<IOException>(() => RestoreAsync(Target, force: true))).Message, StringComparison.Ordinal);
        }

        Assert.Equal("of the old database", File.ReadAllText(Path.Combine(Target, "atoll.db-wal")));
        await RestoreAsync(Target, force: true);
        Assert.Equal(["atoll.db", "lock", "secret.key"], Directory.GetFileSystemEntries(Target).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("garbage")]
    [InlineData("empty")]
    [InlineData("bit")]
    [InlineData("outside")]
    public async Task A_backup_that_is_not_what_was_written_changes_nothing(string harm)
    {
        await MakeAsync();
        byte[] bytes = File.ReadAllBytes(File1);
        switch (harm)
        {
            case "cut": File.WriteAllBytes(File1, bytes[..(bytes.Length / 2)]); break;
            case "garbage": File.WriteAllBytes(File1, Enumerable.Repeat((byte)0xA5, 20_000).ToArray()); break;
            case "empty": File.WriteAllBytes(File1, []); break;
            case "bit":
                bytes[bytes.AsSpan().IndexOf("SQLite format 3"u8) + 5000] ^= 1;
                File.WriteAllBytes(File1, bytes);
                break;
            case "outside":
                await using (FileStream stream = File.Create(File1))
                await using (var tar = new TarWriter(stream))
                {
                    tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "../outside") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes("x")) });
                }

                break;
        }

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => RestoreAsync(Target));

        Assert.Contains("take another copy", e.Message, StringComparison.Ordinal);
        Assert.Equal(["lock"], Directory.GetFileSystemEntries(Target).Select(Path.GetFileName));
        Assert.False(File.Exists(Path.Combine(_root, "outside")));
    }

    [Fact]
    public async Task A_backup_of_a_newer_atoll_is_refused()
    {
        string data = Path.Combine(_root, "data");
        await using (var database = new Database(Path.Combine(data, StoreBackup.DatabaseName)))
        {
            database.Open();
            await database.WriteAsync(connection => connection.Execute("insert into schema_version values (@v)", new { v = Migrations.Newest + 1 }));
        }

        await new BackupWriter(data, TimeProvider.System, (_, _) => { }).WriteAsync(File1, images: false, default);
        StoreUnusableException e = await Assert.ThrowsAsync<StoreUnusableException>(() => RestoreAsync(Target));
        Assert.Contains("newer Atoll", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_database_there_is_no_backup()
    {
        StoreUnusableException e = await Assert.ThrowsAsync<StoreUnusableException>(
            () => new BackupWriter(Path.Combine(_root, "nothing"), TimeProvider.System, (_, _) => { }).WriteAsync(File1, images: false, default));

        Assert.Contains("--data", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    private async Task MakeAsync()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await world.CreateAsync();
        await new BackupWriter(world.DataDirectory, TimeProvider.System, (_, _) => { }).WriteAsync(File1, images: false, default);
    }

    private Task<int> RestoreAsync(string directory, bool force = false) =>
        new BackupReader(directory, TimeProvider.System, (_, _) => { }).RestoreAsync(File1, force, default);

    private static async Task<Sandbox> PausedAsync(ControlWorld world, string name)
    {
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { Name = name });
        Sandbox paused = sandbox with { State = SandboxState.Paused, Image = ImageId.New(world.Time.GetUtcNow()) };
        await world.Store.UpdateAsync(sandbox, paused, "test");
        return paused;
    }

    private static async Task WriteUntilAsync(SimulatedServer server, RunningBox box, CancellationToken over)
    {
        for (int timeout = 600; !over.IsCancellationRequested; timeout++)
        {
            await server.ControlAsync(HttpMethod.Post, $"/v1/sandboxes/{box.Name}/timeout", new { timeout });
        }
    }
}
