using System.Text.Json;
using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Files;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Files;
using Atoll.Unit.Api;
using Xunit;

namespace Atoll.Unit.DataPlane;

public sealed class FilesystemServiceTests(SimulatedServer server) : IClassFixture<SimulatedServer>
{
    public static TheoryData<string, string> Everywhere => new()
    {
        { "filesystem.Filesystem", "json" },
        { "filesystem.Filesystem", "proto" },
        { "sandboxagent.Filesystem", "json" },
        { "sandboxagent.Filesystem", "proto" },
    };

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_directory_is_made_told_listed_moved_and_removed(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        bool isE2b = service == "filesystem.Filesystem";
        string home = isE2b ? "/home/user" : "/root";

        EntryInfo made = (await client.CallAsync<EntryResponse>($"{service}/MakeDir", new MakeDirRequest { Path = "a/b" })).Entry;
        EntryInfo stat = (await client.CallAsync<EntryResponse>($"{service}/Stat", new StatRequest { Path = $"{home}/a/b" })).Entry;
        ListDirResponse flat = await client.CallAsync<ListDirResponse>($"{service}/ListDir", new ListDirRequest { Path = home });
        ListDirResponse deep = await client.CallAsync<ListDirResponse>($"{service}/ListDir", new ListDirRequest { Path = home, Depth = 999 });
        EntryInfo moved = (await client.CallAsync<EntryResponse>(
            $"{service}/Move", new MoveRequest { Source = $"{home}/a/b", Destination = $"{home}/c" })).Entry;
        await client.CallAsync<RemoveResponse>($"{service}/Remove", new RemoveRequest { Path = $"{home}/a" });
        await client.CallAsync<RemoveResponse>($"{service}/Remove", new RemoveRequest { Path = $"{home}/a" });
        ListDirResponse after = await client.CallAsync<ListDirResponse>($"{service}/ListDir", new ListDirRequest { Path = home, Depth = 1 });

        Assert.Equal(("b", $"{home}/a/b", FileType.Directory), (made.Name, made.Path, made.Type));
        Assert.Equal(isE2b ? "user" : "root", made.Owner);
        Assert.Equal((0x1EDu, "drwxr-xr-x"), (stat.Mode, stat.Permissions));
        Assert.NotNull(stat.ModifiedTime);
        Assert.Contains("a", flat.Entries.Select(entry => entry.Name));
        Assert.DoesNotContain("b", flat.Entries.Select(entry => entry.Name));
        Assert.Contains($"{home}/a/b", deep.Entries.Select(entry => entry.Path));
        Assert.Equal($"{home}/c", moved.Path);
        Assert.Contains("c", after.Entries.Select(entry => entry.Name));
        Assert.DoesNotContain("a", after.Entries.Select(entry => entry.Name));
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Failures_have_the_words_that_clients_look_for(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);
        await client.CallAsync<EntryResponse>($"{service}/MakeDir", new MakeDirRequest { Path = "/tmp/d" });

        Assert.Equal(
            new ConnectFailure(404, "not_found", "path not found: stat /x: no such file or directory"),
            await client.FailAsync($"{service}/Stat", new StatRequest { Path = "/x" }));
        Assert.Equal(
            new ConnectFailure(409, "already_exists", "directory already exists: /tmp/d"),
            await client.FailAsync($"{service}/MakeDir", new MakeDirRequest { Path = "/tmp/d" }));
        Assert.Equal("not_found", (await client.FailAsync($"{service}/ListDir", new ListDirRequest { Path = "/x" })).Code);
        Assert.Equal("not_found", (await client.FailAsync($"{service}/Move", new MoveRequest { Source = "/x", Destination = "/y" })).Code);
        Assert.Equal("invalid_argument", (await client.FailAsync($"{service}/Stat", new StatRequest { Path = "/a\0b" })).Code);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task The_user_is_whom_Authorization_names_and_must_be_there(string service, string codec)
    {
        var client = new ConnectClient(server, await server.CreateAsync(), codec);

        client.Headers["Authorization"] = "Basic " + Convert.ToBase64String("root:"u8);
        Assert.Equal("root", (await client.CallAsync<EntryResponse>($"{service}/MakeDir", new MakeDirRequest { Path = "x" })).Entry.Owner);
        client.Headers["Authorization"] = "Bearer user";
        Assert.Equal("user", (await client.CallAsync<EntryResponse>($"{service}/MakeDir", new MakeDirRequest { Path = "y" })).Entry.Owner);
        client.Headers["Authorization"] = "Basic " + Convert.ToBase64String("nobody-such:"u8);
        Assert.Equal((401, "unauthenticated"), Short(await client.FailAsync($"{service}/MakeDir", new MakeDirRequest { Path = "z" })));
        client.Headers["Authorization"] = "Basic %";
        Assert.Equal((401, "unauthenticated"), Short(await client.FailAsync($"{service}/MakeDir", new MakeDirRequest { Path = "z" })));
    }

    [Fact]
    public async Task A_header_of_ScaleBoxs_names_the_user_before_Authorization_does()
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json")
        {
            Headers = { ["Authorization"] = "Bearer root", ["X-User"] = "user" },
        };

        EntryResponse scaleBox = await client.CallAsync<EntryResponse>("sandboxagent.Filesystem/MakeDir", new MakeDirRequest { Path = "s" });
        EntryResponse e2b = await client.CallAsync<EntryResponse>("filesystem.Filesystem/MakeDir", new MakeDirRequest { Path = "e" });

        Assert.Equal(("user", "root"), (scaleBox.Entry.Owner, e2b.Entry.Owner));
    }

    [Fact]
    public async Task JSON_is_as_the_clients_libraries_read_it()
    {
        var client = new ConnectClient(server, await server.CreateAsync(), "json");
        await client.CallAsync<EntryResponse>("filesystem.Filesystem/MakeDir", new MakeDirRequest { Path = "/tmp/j" });

        using HttpResponseMessage reply = await client.SendAsync(
            "filesystem.Filesystem/Stat", "application/json; charset=utf-8", System.Text.Encoding.UTF8.GetBytes("{\"path\":\"/tmp/j\"}"));
        JsonElement entry = JsonDocument.Parse(await reply.Content.ReadAsStringAsync()).RootElement.GetProperty("entry");

        Assert.Equal("FILE_TYPE_DIRECTORY", entry.GetProperty("type").GetString());
        Assert.Equal(JsonValueKind.String, entry.GetProperty("size").ValueKind);
        Assert.Equal(JsonValueKind.Number, entry.GetProperty("mode").ValueKind);
        Assert.EndsWith("Z", entry.GetProperty("modifiedTime").GetString());
        Assert.False(entry.TryGetProperty("symlinkTarget", out _));
    }

    [Theory]
    [InlineData(FileKind.File, 0x1A4, "-rw-r--r--")]
    [InlineData(FileKind.Directory, 0x1ED, "drwxr-xr-x")]
    [InlineData(FileKind.SymbolicLink, 0x1FF, "Lrwxrwxrwx")]
    [InlineData(FileKind.Directory, 0x3FF, "dtrwxrwxrwx")]
    [InlineData(FileKind.File, 0x9ED, "urwxr-xr-x")]
    [InlineData(FileKind.File, 0, "----------")]
    public void Permissions_are_spelled_as_Go_does(FileKind kind, int mode, string text) => Assert.Equal(text, FileEntries.Text(kind, mode));

    [Fact]
    public void A_link_is_a_type_of_its_own_for_E2B_and_a_file_for_ScaleBox()
    {
        var link = new FileEntry
        {
            Name = "l", Path = "/l", Kind = FileKind.SymbolicLink, LinkTarget = "/etc", Metadata = new Dictionary<string, string> { ["a"] = "b" },
        };

        EntryInfo e2b = FileEntries.Of(link, DataPlaneDialect.E2b);
        EntryInfo scaleBox = FileEntries.Of(link, DataPlaneDialect.ScaleBox);

        Assert.Equal((FileType.Symlink, "/etc", "b"), (e2b.Type, e2b.SymlinkTarget, e2b.Metadata["a"]));
        Assert.Equal((FileType.File, "/etc", 0), (scaleBox.Type, scaleBox.SymlinkTarget, scaleBox.Metadata.Count));
    }

    [Fact]
    public void Every_kind_and_every_change_has_a_type()
    {
        foreach (DataPlaneDialect dialect in (DataPlaneDialect[])[DataPlaneDialect.E2b, DataPlaneDialect.ScaleBox])
        {
            Assert.All(Enum.GetValues<FileKind>(), kind => FileEntries.Of(new FileEntry { Name = "x", Path = "/x", Kind = kind }, dialect));
            Assert.All(
                Enum.GetValues<FileChange>(),
                change => Assert.NotEqual(EventType.Unspecified, FileEntries.Of(new FileEvent.Changed("x", change, null), true, dialect).Type));
        }
    }

    private static (int Status, string Code) Short(ConnectFailure failure) => (failure.Status, failure.Code);
}
