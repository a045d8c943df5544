using Atoll.Control.Sandboxes;
using Atoll.Control.Stores;
using Atoll.Domain.Sandboxes;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Control.Recovery;

/// <summary>Copies the database of an installation while a server uses it, and makes a copy fit to be started from.</summary>
public static class StoreBackup
{
    public const string DatabaseName = "atoll.db";
    public const string KeyName = "secret.key";

    /// <summary>The schema that this program writes; a copy of a newer one cannot be used.</summary>
    public static int Schema => Migrations.Newest;

    /// <summary>Copies the database as it is at one moment into one file of mode 0600, which must not exist yet.</summary>
    /// <returns>The schema of the copy.</returns>
    /// <exception cref="StoreUnusableException">There is no database, or it is damaged.</exception>
    public static int Copy(string dataDirectory, string target)
    {
        string source = Path.Combine(dataDirectory, DatabaseName);
        if (!File.Exists(source))
        {
            throw new StoreUnusableException($"there is no database at {source}: name the data directory of the server with --data");
        }

        try
        {
            using var from = Open(source, SqliteOpenMode.ReadWrite);
            using (new FileStream(target, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
            }

            using var to = Open(target, SqliteOpenMode.ReadWrite);
            from.BackupDatabase(to);
            to.Execute("pragma journal_mode = delete");
            return Check(to, source);
        }
        catch (SqliteException e)
        {
            throw StoreTrouble.Of(source, e);
        }
    }

    /// <summary>Refuses a copy that is damaged or newer than this program.</summary>
    public static void Check(string file)
    {
        try
        {
            using SqliteConnection connection = Open(file, SqliteOpenMode.ReadWrite);
            if (Check(connection, file) is var version && version > Schema)
            {
                throw new StoreUnusableException($"the backup was made by a newer Atoll (schema {version}, this one knows {Schema}): restore it with that version");
            }
        }
        catch (SqliteException e)
        {
            throw StoreTrouble.Of(file, e);
        }
    }

    /// <summary>
    /// Brings a copy to this program's schema and ends in it what cannot go on: sandboxes that ran are failed, and paused ones
    /// without an image.
    /// </summary>
    /// <param name="directory">Holds the copy and the key file, under their usual names.</param>
    /// <param name="hasImage">Whether the image of an id comes with it.</param>
    /// <returns>How many sandboxes were failed.</returns>
    public static async Task<int> SettleAsync(string directory, Func<string, bool> hasImage, TimeProvider time)
    {
        int failed = await FailAsync(directory, hasImage, time);
        using SqliteConnection whole = Open(Path.Combine(directory, DatabaseName), SqliteOpenMode.ReadWrite);
        whole.Execute("pragma journal_mode = delete");
        return failed;
    }

    private static async Task<int> FailAsync(string directory, Func<string, bool> hasImage, TimeProvider time)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(time);
        services.AddAtollControl(new ControlOptions { DataDirectory = directory });
        await using ServiceProvider provider = services.BuildServiceProvider();
        var database = provider.GetRequiredService<Database>();
        database.Open();
        var store = provider.GetRequiredService<SandboxStore>();
        int failed = 0;
        foreach (Sandbox sandbox in store.Unfinished())
        {
            if (ReasonToEnd(sandbox, hasImage) is { } reason)
            {
                DateTimeOffset now = time.Now();
                await store.UpdateAsync(
                    sandbox, sandbox with { State = SandboxState.Failed, Phase = SandboxPhase.None, Reason = reason, EndedAt = now, UpdatedAt = now, LocalPort = null },
                    "restore");
                failed++;
            }
        }

        return failed;
    }

    private static string? ReasonToEnd(Sandbox sandbox, Func<string, bool> hasImage) => sandbox.State switch
    {
        SandboxState.Terminated or SandboxState.Failed => null,
        SandboxState.Paused when sandbox.Image is { } image && hasImage(image.Value) => null,
        SandboxState.Paused => "was paused when the backup was made from which the server was restored, and its image is not in that",
        _ => $"was {sandbox.State.ToString().ToLowerInvariant()} when the backup was made from which the server was restored",
    };

    private static int Check(SqliteConnection connection, string file)
    {
        string check = connection.QueryFirst<string>("pragma quick_check(1)");
        return check == "ok"
            ? connection.QuerySingle<int?>("select max(version) from schema_version") ?? 0
            : throw StoreTrouble.Damaged(file, check, null);
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
