using Atoll.Api.DataPlane.Messages;
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

    private static (int Status, string Code) Short(ConnectFailure failure) => (failure.Status, failure.Code);
}
