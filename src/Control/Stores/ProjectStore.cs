using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers projects. Every user has a default one from the moment it is stored.</summary>
internal sealed class ProjectStore(Database database)
{
    private const string Columns =
        """
        select p.*, (select count(*) from sandboxes s where s.project = p.id and s.state not in @over) as sandbox_count from projects p
        """;

    private static readonly string[] Over =
        [.. Enum.GetValues<SandboxState>().Where(state => state.IsFinal()).Select(SandboxRow.Word)];

    /// <summary>Adds the default project of a user that was just added, in the same transaction.</summary>
    public static void InsertDefault(SqliteConnection connection, UserId owner, long now) => connection.Execute(
        """
        insert into projects (id, owner, name, description, is_default, created_at, updated_at)
        values (@id, @owner, 'default', '', 1, @now, @now) on conflict do nothing
        """,
        new { id = ProjectId.DefaultOf(owner).Value, owner = owner.Value, now });

    /// <summary>Refuses a sandbox whose project is not there or another user's. Part of the transaction that stores the sandbox.</summary>
    public static void Require(SqliteConnection connection, Sandbox sandbox)
    {
        bool there = connection.QuerySingle<bool>(
            "select exists (select 1 from projects where id = @id and owner = @owner)",
            new { id = sandbox.Project.Value, owner = sandbox.Owner.Value });
        if (!there)
        {
            throw Fault.Invalid(
                "project_id", $"project_id '{sandbox.Project}' is unknown: GET /v1/projects lists those there are, and without one it is the default project").AsException();
        }
    }

    /// <summary>Adds a project, in place of one of its id. <see cref="FaultCode.AlreadyExists"/> when the owner has one of that name, <see cref="FaultCode.QuotaExceeded"/> at the limit.</summary>
    public Task InsertAsync(Project project) => database.WriteAsync(connection =>
    {
        RefuseDuplicate(connection, project);
        int there = connection.QuerySingle<int>("select count(*) from projects where owner = @owner", new { owner = project.Owner.Value });
        if (there >= IProjects.MaxPerUser)
        {
            throw new Fault(FaultCode.QuotaExceeded, $"you have {there} projects, the most there may be: delete one first").AsException();
        }

        return connection.Execute(
            """
            insert into projects (id, owner, name, description, is_default, created_at, updated_at)
            values (@Id, @Owner, @Name, @Description, 0, @CreatedAt, @CreatedAt)
            on conflict (id) do update set name = excluded.name, description = excluded.description where owner = excluded.owner
            """,
            new
            {
                Id = project.Id.Value, Owner = project.Owner.Value, project.Name, project.Description,
                CreatedAt = project.CreatedAt.ToUnixTimeMilliseconds(),
            });
    });

    public Task UpdateAsync(ProjectId id, string? name, string? description, DateTimeOffset now) => database.WriteAsync(connection =>
    {
        Project before = Find(connection, id) ?? throw Missing(id);
        RefuseDuplicate(connection, before with { Name = name ?? before.Name });
        return connection.Execute(
            "update projects set name = coalesce(@name, name), description = coalesce(@description, description), updated_at = @now where id = @id",
            new { name, description, now = now.ToUnixTimeMilliseconds(), id = id.Value });
    });

    /// <summary>Removes a project without sandboxes that are not over; the records of others go to the default one.</summary>
    public Task DeleteAsync(ProjectId id) => database.WriteAsync(connection =>
    {
        Project project = Find(connection, id) ?? throw Missing(id);
        if (project.IsDefault)
        {
            throw new Fault(FaultCode.WrongState, "the default project cannot be deleted").AsException();
        }

        if (project.SandboxCount > 0)
        {
            throw new Fault(
                FaultCode.WrongState, $"the project has {project.SandboxCount} sandboxes: evict or delete them first").AsException();
        }

        connection.Execute(
            "update sandboxes set project = @home where project = @id",
            new { home = ProjectId.DefaultOf(project.Owner).Value, id = id.Value });
        connection.Execute("delete from quotas where subject = @id", new { id = id.Value });
        return connection.Execute("delete from projects where id = @id", new { id = id.Value });
    });

    public Project? Find(ProjectId id) => database.Read(connection => Find(connection, id));

    /// <summary>A user's projects, the default one first, then by age.</summary>
    public ProjectPage List(UserId owner, string? search, int offset, int limit) => database.Read(connection =>
    {
        const string where = "where owner = @owner and (@search is null or instr(fold(name), @search) > 0)";
        var parameters = new { owner = owner.Value, search = search?.ToLowerInvariant(), offset, limit, over = Over };
        return new ProjectPage(
            [.. connection.Query<ProjectRow>($"{Columns} {where} order by is_default desc, created_at, id limit @limit offset @offset", parameters)
                .Select(row => row.ToProject())],
            connection.QuerySingle<int>($"select count(*) from projects {where}", parameters));
    });

    private static Project? Find(SqliteConnection connection, ProjectId id) => connection
        .QuerySingleOrDefault<ProjectRow>($"{Columns} where id = @id", new { id = id.Value, over = Over })?.ToProject();

    private static void RefuseDuplicate(SqliteConnection connection, Project project)
    {
        bool taken = connection.QuerySingle<bool>(
            "select exists (select 1 from projects where owner = @owner and name = @name and id <> @id)",
            new { owner = project.Owner.Value, name = project.Name, id = project.Id.Value });
        if (taken)
        {
            throw new Fault(FaultCode.AlreadyExists, $"there is a project named '{project.Name}' already: choose another name", "name").AsException();
        }
    }

    private static FaultException Missing(ProjectId id) => Fault.NotFound("project", id.Value).AsException();

    private sealed class ProjectRow
    {
        public string Id { get; set; } = "";
        public string Owner { get; set; } = "";
        public string Name { get; set; } = "";
        public string Description { get; set; } = "";
        public bool IsDefault { get; set; }
        public int SandboxCount { get; set; }
        public long CreatedAt { get; set; }
        public long UpdatedAt { get; set; }

        public Project ToProject() => new(
            new ProjectId(Id), new UserId(Owner), Name, Description, IsDefault, SandboxCount,
            DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt), DateTimeOffset.FromUnixTimeMilliseconds(UpdatedAt));
    }
}
