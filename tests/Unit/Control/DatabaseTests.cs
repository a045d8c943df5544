using Atoll.Control.Stores;
using Dapper;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Atoll.Unit.Control;

public sealed class DatabaseTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-db-").FullName;

    private string FilePath => Path.Combine(_directory, "data", "atoll.db");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_file_is_for_its_owner_only_and_so_are_its_companions()
    {
        await using var database = new Database(FilePath);
        database.Open();
        await database.WriteAsync(connection => connection.Execute("create table t (x integer)"));

        string[] files = Directory.GetFiles(Path.GetDirectoryName(FilePath)!);
        Assert.Contains(FilePath, files);
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(FilePath)!));
    }

    [Fact]
    public async Task It_is_durable_on_every_commit()
    {
        await using var database = new Database(FilePath);
        database.Open();

        (string Journal, long Synchronous) modes = await database.WriteAsync(connection =>
            (connection.QuerySingle<string>("pragma journal_mode"), connection.QuerySingle<long>("pragma synchronous")));

        Assert.Equal(("wal", 2), modes);
    }

    [Fact]
    public async Task A_write_that_fails_takes_none_of_its_neighbours_with_it()
    {
        await using var database = new Database(FilePath);
        database.Open();
        await database.WriteAsync(connection => connection.Execute("create table t (x integer primary key)"));
        using var gate = new ManualResetEventSlim();

        // The first write holds the loop, so that all others are one batch.
        Task<int> held = database.WriteAsync(_ => gate.Wait(TimeSpan.FromSeconds(20)) ? 0 : throw new TimeoutException());
        Task<int>[] writes = [.. Enumerable.Range(0, 100).Select(i => database.WriteAsync(connection =>
        {
            connection.Execute("insert into t values (@i)", new { i });
            return i % 10 == 0 ? throw new InvalidOperationException("no") : i;
        }))];
        gate.Set();
        await held;

        for (int i = 0; i < writes.Length; i++)
        {
            if (i % 10 == 0)
            {
                await Assert.ThrowsAsync<InvalidOperationException>(() => writes[i]);
            }
            else
            {
                Assert.Equal(i, await writes[i]);
            }
        }

        Assert.Equal(90, database.Read(connection => connection.QuerySingle<int>("select count(*) from t")));
    }

    [Fact]
    public async Task A_database_of_a_newer_schema_is_refused_and_left_as_it_is()
    {
        await using (var database = new Database(FilePath))
        {
            database.Open();
            await database.WriteAsync(connection => connection.Execute("insert into schema_version values (@v)", new { v = Migrations.Newest + 1 }));
        }

        await using var again = new Database(FilePath);
        StoreUnusableException e = Assert.Throws<StoreUnusableException>(again.Open);

        Assert.Contains("newer Atoll", e.Message, StringComparison.Ordinal);
        Assert.Contains(FilePath, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public async Task A_damaged_database_is_refused_with_what_to_do(int offset)
    {
        await using (var database = new Database(FilePath))
        {
            database.Open();
        }

        await using (FileStream file = File.OpenWrite(FilePath))
        {
            file.Position = offset;
            file.Write(Enumerable.Repeat((byte)0xA5, 8192).ToArray());
        }

        await using var again = new Database(FilePath);
        StoreUnusableException e = Assert.Throws<StoreUnusableException>(again.Open);
        Assert.Contains("restore a backup", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opening_again_changes_nothing()
    {
        for (int i = 0; i < 3; i++)
        {
            await using var database = new Database(FilePath);
            database.Open();
            Assert.Equal(Migrations.Newest, database.Read(connection => connection.QuerySingle<int>("select count(*) from schema_version")));
        }
    }

    [Fact]
    public async Task A_writer_that_cannot_roll_back_answers_all_and_refuses_the_next_at_once()
    {
        await using var database = new Database(FilePath);
        database.Open();
        TimeSpan bound = TimeSpan.FromSeconds(20);

        Task<int> killing = database.WriteAsync(connection =>
        {
            connection.Close();
            return 0;
        });

        StoreUnusableException e = await Assert.ThrowsAsync<StoreUnusableException>(() => killing.WaitAsync(bound));
        Assert.Contains("restart the server", e.Message, StringComparison.Ordinal);
        Task<int> later = database.WriteAsync(connection => connection.Execute("create table t (x integer)"));
        await Assert.ThrowsAsync<StoreUnusableException>(() => later.WaitAsync(bound));
    }

    [Fact]
    public async Task On_a_full_disk_the_ballast_goes_and_the_batch_is_tried_again()
    {
        string path = Path.Combine(_directory, "ballast");
        var ballast = new Ballast(path, size: 1024 * 1024);
        await using var database = new Database(FilePath, ballast);
        database.Open();
        await database.WriteAsync(connection => connection.Execute("create table t (x integer)"));
        ballast.Restore();
        Assert.Equal(1024 * 1024, new FileInfo(path).Length);
        int tries = 0;
        int Write(SqliteConnection connection)
        {
            connection.Execute("insert into t values (1)");
            return ++tries is 1 or 3 ? throw new SqliteException("database or disk is full", SQLitePCL.raw.SQLITE_FULL) : tries;
        }

        Assert.Equal(2, await database.WriteAsync(Write));
        Assert.False(File.Exists(path));

        // Without ballast it fails, and keeps nothing from being written later.
        Assert.True(Database.IsOutOfRoom(await Assert.ThrowsAsync<SqliteException>(() => database.WriteAsync(Write))));
        Assert.Equal(4, await database.WriteAsync(Write));
        Assert.Equal(2, database.Read(connection => connection.QuerySingle<int>("select count(*) from t")));
    }

    [Fact]
    public async Task Two_processes_write_at_the_same_time()
    {
        await using var one = new Database(FilePath);
        await using var other = new Database(FilePath);
        one.Open();
        other.Open();
        await one.WriteAsync(connection => connection.Execute("create table t (x integer)"));

        await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            (i % 2 == 0 ? one : other).WriteAsync(connection => connection.Execute("insert into t values (@i)", new { i }))));

        Assert.Equal(200, one.Read(connection => connection.QuerySingle<int>("select count(*) from t")));
    }
}
