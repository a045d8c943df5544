using Atoll.Control.Stores;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Atoll.Unit.Control;

/// <summary>What becomes of what an older version stored.</summary>
public sealed class MigrationTests
{
    /// <summary>How many steps there were before projects and roles.</summary>
    private static readonly int BeforeProjects = Migrations.Steps.TakeWhile(step => !step.Contains("create table projects")).Count();

    [Fact]
    public void Users_and_sandboxes_of_before_projects_are_in_the_default_one_and_have_the_role_they_had()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Migrations.Apply(connection, BeforeProjects);
        connection.Execute(
            """
            insert into users (id, username, email, display_name, is_root, created_at)
            values ('usr-01', 'root', '', '', 1, 7), ('usr-02', 'ann', '', '', 0, 8);
            insert into sandboxes (id, owner, name, description, template, template_name, cpu_count, memory_mb, storage_gb, auto_pause, secure,
                allow_internet_access, metadata, environment, ports, created_at, updated_at, timeout_ms, state, phase, reason, delete_requested)
            values ('01', 'usr-02', '', '', '', '', 1, 1, 1, 0, 1, 1, '{}', '{}', '[]', 9, 9, 1, 'running', 'none', '', 0);
            """);

        Migrations.Apply(connection);

        Assert.Equal([("usr-01", "root"), ("usr-02", "member")], connection.Query<(string, string)>("select id, role from users order by id"));
        Assert.Equal(
            [("prj-01", "usr-01", 1L, 7L), ("prj-02", "usr-02", 1L, 8L)],
            connection.Query<(string, string, long, long)>("select id, owner, is_default, created_at from projects order by id"));
        Assert.Equal(ProjectId.DefaultOf(new UserId("usr-02")).Value, connection.QuerySingle<string>("select project from sandboxes"));
    }
}
