using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Sandboxes;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Writes down when running phases begin and end, in the transaction of the transition that begins or ends them.</summary>
internal static class UsageLedger
{
    private const string Begin =
        """
        insert into usage_sessions (id, sandbox, owner, project, name, template, template_name, cpu_count, memory_mb, storage_gb, started_at,
            start_event, start_type)
        values (@Id, @Sandbox, @Owner, @Project, @Name, @Template, @TemplateName, @CpuCount, @MemoryMb, @StorageGb, @At, @Event, @Type)
        on conflict (sandbox) where ended_at is null do nothing
        """;

    private const string End =
        """
        update usage_sessions set ended_at = max(started_at, @at), end_event = @event, end_type = @type where sandbox = @sandbox and ended_at is null
        """;

    /// <param name="before">Null for a new record.</param>
    /// <param name="logged">The event of the transition.</param>
    public static void Record(SqliteConnection connection, Sandbox? before, Sandbox after, LoggedEvent logged)
    {
        bool moved = before is not null && before.Project != after.Project;
        if (before?.State == after.State && !moved)
        {
            return;
        }

        bool runs = Runs(after.State);
        if (!runs || moved)
        {
            connection.Execute(End, new
            {
                sandbox = after.Id.Value, at = EndOf(before, after, logged).ToUnixTimeMilliseconds(), @event = logged.Id, type = logged.What.Type,
            });
        }

        if (runs)
        {
            DateTimeOffset start = moved ? logged.At : after.StartedAt ?? logged.At;
            connection.Execute(Begin, new
            {
                Id = $"ses-{Ulid.New(start)}", Sandbox = after.Id.Value, Owner = after.Owner.Value, Project = after.Project.Value, after.Name,
                Template = after.Template.Value, after.TemplateName, after.Resources.CpuCount, after.Resources.MemoryMb, after.Resources.StorageGb,
                At = start.ToUnixTimeMilliseconds(), Event = logged.Id, logged.What.Type,
            });
        }
    }

    // What is being captured runs; what is being paused does until it turns out that it is.
    private static bool Runs(SandboxState state) => state is SandboxState.Running or SandboxState.Pausing or SandboxState.Forking;

    // A phase that a pause ends was over when the pause began.
    private static DateTimeOffset EndOf(Sandbox? before, Sandbox after, LoggedEvent logged) =>
        before?.State is SandboxState.Pausing && after.State is not SandboxState.Running ? after.PausingAt ?? logged.At : logged.At;
}
