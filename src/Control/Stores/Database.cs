using System.Threading.Channels;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>
/// The SQLite file: checks and migrates it, does writes one after the other, hands out pooled readers.
/// <code>
///   callers --> queue --> [ begin | w1 | w2 | ... | commit + fsync ] --> all of the batch answered
/// </code>
/// Whatever queued up while the last batch was synced shares the next sync. Each write is a savepoint of its own,
/// so that one which fails does not take its neighbours with it. A batch for which the disk has no room is tried again
/// without the ballast.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    private const int QueueLength = 4096;
    private const int BatchLimit = 256;
    private const int BusySeconds = 15;

    private readonly string _path;
    private readonly Ballast? _ballast;
    private readonly int _busySeconds;
    private readonly Channel<Write> _writes = Channel.CreateBounded<Write>(QueueLength);
    private readonly string _readers;
    private SqliteConnection? _writer;
    private Task _loop = Task.CompletedTask;
    private Exception? _broken;

    /// <param name="busySeconds">How long another program may keep it locked.</param>
    public Database(string path, Ballast? ballast = null, int busySeconds = BusySeconds)
    {
        _path = path;
        _busySeconds = busySeconds;
        _ballast = ballast;
        _readers = new SqliteConnectionStringBuilder
        {
            DataSource = path, Mode = SqliteOpenMode.ReadOnly, DefaultTimeout = BusySeconds,
        }.ToString();
    }

    /// <summary>Raised on the writer's thread when a batch is on disk. Whoever listens must neither wait nor throw.</summary>
    public event Action? Committed;

    /// <summary>A check of the whole file that is not through by then is given up: what is damaged further on is found when it is read.</summary>
    internal TimeSpan CheckLimit { get; init; } = TimeSpan.FromSeconds(10);

    static Database() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    /// <summary>True when the disk, not the work, is the reason: nothing can be stored until something else is removed.</summary>
    public static bool IsOutOfRoom(Exception e) =>
        e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR };

    /// <exception cref="StoreUnusableException">The file is damaged, newer than this program, or cannot be opened.</exception>
    public void Open()
    {
        if (_writer is not null)
        {
            return;
        }

        SqliteConnection connection;
        try
        {
            connection = ConnectInRoom();
        }
        catch (SqliteException e)
        {
            throw StoreTrouble.Of(_path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreTrouble.Of(_path, e);
        }

        _writer = connection;
        _loop = Task.Run(() => RunAsync(connection));
    }

    /// <summary>SQLite takes room also to open a database: for its shared memory.</summary>
    private SqliteConnection ConnectInRoom()
    {
        try
        {
            return Connect();
        }
        catch (SqliteException e) when (IsOutOfRoom(e) && _ballast?.Drop() is true)
        {
            return Connect();
        }
    }

    private SqliteConnection Connect()
    {
        MakeFile();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = _path, Mode = SqliteOpenMode.ReadWrite, DefaultTimeout = _busySeconds, Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            connection.Execute("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on");
            if (Check(connection) is { } damage)
            {
                throw StoreTrouble.Damaged(_path, damage, null);
            }

            Migrations.Apply(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Does the work inside a transaction and returns once it is on disk.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work)
    {
        var write = new Write<T>(work);
        await _writes.Writer.WriteAsync(write);
        return await write.Task;
    }

    public T Read<T>(Func<SqliteConnection, T> work)
    {
        using var connection = new SqliteConnection(_readers);
        connection.Open();
        connection.CreateFunction("fold", (string? text) => text?.ToLowerInvariant(), isDeterministic: true);
        return work(connection);
    }

    public async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        await _loop;
        _writer?.Dispose();
        using var reader = new SqliteConnection(_readers);
        SqliteConnection.ClearPool(reader);
    }

    private async Task RunAsync(SqliteConnection connection)
    {
        List<Write> batch = [];
        while (await _writes.Reader.WaitToReadAsync())
        {
            while (batch.Count < BatchLimit && _writes.Reader.TryRead(out Write? write))
            {
                batch.Add(write);
            }

            Commit(connection, batch);
            batch.Clear();
        }
    }

    private void Commit(SqliteConnection connection, List<Write> batch)
    {
        Exception? failure = _broken;
        try
        {
            failure ??= Try(connection, batch);
            if (failure is not null && _broken is null && IsOutOfRoom(failure) && _ballast?.Drop() is true)
            {
                failure = Try(connection, batch);
            }

            if (failure is null)
            {
                Committed?.Invoke();
            }
        }
        catch (Exception e)
        {
            // A connection that is in an unknown state must not store anything more.
            failure = _broken = new StoreUnusableException($"{_path} cannot be written to any more ({e.Message}): restart the server", e);
        }
        finally
        {
            batch.ForEach(write => write.Complete(failure));
        }
    }

    /// <summary>Why nothing of the batch was committed; null when it was.</summary>
    private static Exception? Try(SqliteConnection connection, List<Write> batch)
    {
        try
        {
            connection.Execute("begin immediate");
            foreach (Write write in batch)
            {
                connection.Execute("savepoint one");
                if (write.Try(connection) is { } failure)
                {
                    if (IsOutOfRoom(failure))
                    {
                        RollBack(connection);
                        return failure;
                    }

                    connection.Execute("rollback to one");
                }

                connection.Execute("release one");
            }

            connection.Execute("commit");
            return null;
        }
        catch (Exception e)
        {
            RollBack(connection);
            return e;
        }
    }

    public static void RollBack(SqliteConnection connection)
    {
        // SQLite rolls back by itself on some errors (full disk, I/O); then there is nothing to roll back.
        if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
        {
            connection.Execute("rollback");
        }
    }

    private void MakeFile()
    {
        Directory.CreateDirectory(
            Path.GetDirectoryName(Path.GetFullPath(_path))!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var file = new FileStream(_path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    /// <summary>What is damaged; null when nothing was found within the time that a start may take over it.</summary>
    private string? Check(SqliteConnection connection)
    {
        using var bound = new CancellationTokenSource(CheckLimit);
        using CancellationTokenRegistration stop = bound.Token.Register(() => SQLitePCL.raw.sqlite3_interrupt(connection.Handle));
        try
        {
            string found = connection.QueryFirst<string>("pragma quick_check(1)");
            return found == "ok" ? null : found;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            return null;
        }
    }

    private abstract class Write
    {
        /// <summary>What the work threw; null when it did its part.</summary>
        public abstract Exception? Try(SqliteConnection connection);

        /// <summary>Answers the caller: with what the work returned or threw, or with why the batch was not committed.</summary>
        public abstract void Complete(Exception? batchFailure);
    }

    private sealed class Write<T>(Func<SqliteConnection, T> work) : Write
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;
        private Exception? _failure;

        public Task<T> Task => _done.Task;

        public override Exception? Try(SqliteConnection connection)
        {
            try
            {
                _result = work(connection);
                return _failure = null;
            }
            catch (Exception e)
            {
                return _failure = e;
            }
        }

        public override void Complete(Exception? batchFailure)
        {
            if ((_failure ?? batchFailure) is { } failure)
            {
                _done.SetException(failure);
            }
            else
            {
                _done.SetResult(_result!);
            }
        }
    }
}
