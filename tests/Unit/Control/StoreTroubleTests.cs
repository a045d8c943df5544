using Atoll.Control.Stores;
using Atoll.Server.Commands;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Xunit;

namespace Atoll.Unit.Control;

/// <summary>Databases that cannot be used: each is told in one sentence, with the file and what to do.</summary>
public sealed class StoreTroubleTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-trouble-").FullName;

    private string FilePath => Path.Combine(_directory, "atoll.db");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_database_that_another_program_locks_is_waited_for_and_then_refused()
    {
        await MakeAsync(1);
        using var other = new SqliteConnection($"Data Source={FilePath};Pooling=false");
        other.Open();
        other.Execute("begin immediate");
        await using var database = new Database(FilePath, busySeconds: 1);

        string said = Assert.Throws<StoreUnusableException>(database.Open).Message;

        Assert.Contains($"{FilePath} cannot be opened: another program has it locked", said, StringComparison.Ordinal);
        Assert.Contains("fuser", said, StringComparison.Ordinal);
        other.Execute("rollback");
        database.Open();
    }

    [Fact]
    public async Task A_database_that_was_cut_off_is_refused_and_one_whose_log_was_cut_off_loses_only_what_was_cut()
    {
        await MakeAsync(500);
        byte[] whole = File.ReadAllBytes(FilePath);
        File.WriteAllBytes(FilePath, whole[..(whole.Length / 2)]);
        await using (var database = new Database(FilePath))
        {
            Assert.Contains("is damaged", Assert.Throws<StoreUnusableException>(database.Open).Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(FilePath, whole);
        string kept = Path.Combine(_directory, "kept.db");
        await using (var database = new Database(FilePath))
        {
            database.Open();
            await database.WriteAsync(connection => connection.Execute("insert into t values (randomblob(1000))"));
            await database.WriteAsync(connection => connection.Execute("insert into t values (randomblob(1000))"));
            File.Copy(FilePath, kept);
            byte[] log = ReadShared(FilePath + "-wal");
            File.WriteAllBytes(kept + "-wal", log[..^100]);
        }

        await using var again = new Database(kept);
        again.Open();
        Assert.Equal(501, again.Read(connection => connection.QuerySingle<int>("select count(*) from t")));
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_to_is_told_with_the_file()
    {
        await using var database = new Database("/proc/atoll/atoll.db");

        string said = Assert.Throws<StoreUnusableException>(database.Open).Message;

        Assert.StartsWith("/proc/atoll/atoll.db cannot be opened", said, StringComparison.Ordinal);
        Assert.Contains("--data", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(raw.SQLITE_BUSY, "locked")]
    [InlineData(raw.SQLITE_CORRUPT, "restore a backup")]
    [InlineData(raw.SQLITE_NOTADB, "restore a backup")]
    [InlineData(raw.SQLITE_READONLY, "mount it writable")]
    [InlineData(raw.SQLITE_FULL, "its disk is full")]
    [InlineData(raw.SQLITE_IOERR, "dmesg")]
    [InlineData(raw.SQLITE_CANTOPEN, "writable")]
    public void Each_trouble_of_sqlite_has_its_remedy(int code, string remedy)
    {
        string said = StoreTrouble.Of("/d/atoll.db", new SqliteException("why", code)).Message;

        Assert.StartsWith("/d/atoll.db ", said, StringComparison.Ordinal);
        Assert.Contains(remedy, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(30, "mount it writable")]
    [InlineData(28, "its disk is full")]
    [InlineData(13, "writable for the user")]
    public void Each_trouble_of_the_file_system_has_its_remedy(int errno, string remedy) => Assert.Contains(
        remedy, StoreTrouble.Of("/d/atoll.db", new IOException("why", errno)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_command_on_a_database_that_cannot_be_used_says_so_in_one_line_and_exits_with_1()
    {
        await MakeAsync(1);
        File.WriteAllText(FilePath, new string('x', 5000));
        using var error = new StringWriter();

        Assert.Equal(1, await CommandLine.RunAsync(["serve", "--data", _directory, "--runtime", "simulated", "--listen", "127.0.0.1:0", "--tcp-port", "0"], error));

        string line = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"atoll-server serve: {FilePath} is damaged", line, StringComparison.Ordinal);
    }

    private async Task MakeAsync(int rows)
    {
        await using var database = new Database(FilePath);
        database.Open();
        await database.WriteAsync(connection => connection.Execute("create table t (x blob)"));
        await database.WriteAsync(connection => connection.Execute(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < @rows) insert into t select randomblob(1000) from n", new { rows }));
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
