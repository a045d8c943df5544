using System.Text.Json.Nodes;
using Xunit;

namespace Atoll.Unit.Cli;

public sealed class AuthAndProfileTests : CliRun
{
    private const string Key = "sk-0123456789abcdef0123456789abcdef01234567";
    private const string Me = """{"user_id":"usr-1","username":"root","email":"root@localhost","role":"root"}""";

    public AuthAndProfileTests() => Environment.Remove("SCALEBOX_API_KEY");

    [Fact]
    public async Task Login_checks_the_key_and_keeps_it_where_only_the_owner_reads()
    {
        Server.OnData("GET /v1/users/me", 200, Me);

        Assert.Equal(0, await RunAsync("auth", "login", "--api-key", Key, "--server-url", Server.Url + "/"));

        Assert.Equal(Key, Assert.Single(Server.Requests).ApiKey);
        JsonNode config = JsonNode.Parse(File.ReadAllText(ConfigPath))!;
        Assert.Equal("default", (string)config["current_profile"]!);
        Assert.Equal((Server.Url, Key), ((string)config["profiles"]!["default"]!["server_url"]!, (string)config["profiles"]!["default"]!["api_key"]!));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(ConfigPath));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(ConfigPath)!));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(ConfigPath)!));
        Assert.DoesNotContain(Key, Output + Error);
    }

    [Fact]
    public async Task Permissions_that_were_too_wide_are_narrowed()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ConfigPath)!);
        File.WriteAllText(ConfigPath, "{}");
        File.SetUnixFileMode(ConfigPath, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Server.OnData("GET /v1/users/me", 200, Me);

        Assert.Equal(0, await RunAsync("auth", "login", "--api-key", Key));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(ConfigPath));
    }

    [Theory]
    [InlineData(false, new string[0])]
    [InlineData(false, new[] { "--api-key", "-" })]
    [InlineData(true, new string[0])]
    [InlineData(true, new[] { "-i" })]
    public async Task The_key_can_be_piped_in_or_typed_unseen(bool typed, string[] flags)
    {
        (InputIsTerminal, Typed, Input) = typed ? (true, Key, "\n") : (false, "wrong", Key + "\n");
        Server.OnData("GET /v1/users/me", 200, Me);

        Assert.Equal(0, await RunAsync(["auth", "login", .. flags]));

        Assert.Equal(Key, Server.Requests[0].ApiKey);
        Assert.DoesNotContain(Key, Output + Error);
    }

    [Fact]
    public async Task A_refused_key_is_not_kept()
    {
        Server.OnError("GET /v1/users/me", 401, "unauthenticated", "unknown API key");

        Assert.Equal(1, await RunAsync("auth", "login", "--api-key", Key));

        Assert.False(File.Exists(ConfigPath));
        Assert.DoesNotContain(Key, Error);
    }

    [Fact]
    public async Task No_key_at_all_is_wrong_usage() => Assert.Equal(2, await RunAsync("auth", "login"));

    [Fact]
    public async Task Whoami_tells_user_profile_and_server()
    {
        Config("""{"current_profile":"p","profiles":{"p":{"api_key":"sk-p"}}}""");
        Server.OnData("GET /v1/users/me", 200, Me);

        Assert.Equal(0, await RunAsync("auth", "whoami", "-o", "json"));

        JsonNode shown = JsonNode.Parse(Output)!;
        Assert.Equal(("usr-1", "p", Server.Url), ((string)shown["user_id"]!, (string)shown["profile"]!, (string)shown["server_url"]!));
    }

    [Fact]
    public async Task Logout_forgets_the_key_and_keeps_the_server()
    {
        Config("""{"current_profile":"p","profiles":{"p":{"api_key":"sk-p","server_url":"http://s"},"q":{"api_key":"sk-q"}}}""");

        Assert.Equal(0, await RunAsync("auth", "logout"));

        string text = File.ReadAllText(ConfigPath);
        Assert.DoesNotContain("sk-p", text);
        Assert.Contains("http://s", text);
        Assert.Contains("sk-q", text);
        Assert.Equal(1, await RunAsync("auth", "logout"));
    }

    [Theory]
    [InlineData(null, null, null, "sk-cur")]
    [InlineData("other", null, null, "sk-oth")]
    [InlineData("other", "cur", null, "sk-cur")]
    [InlineData("other", "cur", "sk-env", "sk-env")]
    public async Task Flag_beats_environment_beats_profile(string? environment, string? flag, string? key, string expected)
    {
        Config("""{"current_profile":"cur","profiles":{"cur":{"api_key":"sk-cur"},"other":{"api_key":"sk-oth"}}}""");
        Server.OnData("GET /v1/users/me", 200, Me);
        Set("SCALEBOX_PROFILE", environment);
        Set("SCALEBOX_API_KEY", key);

        Assert.Equal(0, await RunAsync(["auth", "whoami", .. flag is null ? Array.Empty<string>() : ["--profile", flag]]));

        Assert.Equal(expected, Assert.Single(Server.Requests).ApiKey);
    }

    [Fact]
    public async Task Without_anything_the_server_is_the_local_one_and_the_key_is_asked_for()
    {
        Environment.Clear();

        Assert.Equal(1, await RunAsync("sandbox", "list"));

        Assert.Contains("no API key for http://127.0.0.1:7070", Error);
        Assert.Contains("atoll auth login", Error);
    }

    [Fact]
    public async Task Output_format_comes_from_the_environment_unless_a_flag_says_otherwise()
    {
        Environment["SCALEBOX_OUTPUT"] = "json";
        Assert.Equal(0, await RunAsync("config"));
        Assert.NotNull(JsonNode.Parse(Output));

        Assert.Equal(0, await RunAsync("config", "-o", "table"));
        Assert.StartsWith("Config file: ", Output);
    }

    [Fact]
    public async Task Config_masks_the_key()
    {
        Config($$"""{"current_profile":"p","profiles":{"p":{"api_key":"{{Key}}" } } }""");

        Assert.Equal(0, await RunAsync("config"));

        Assert.Contains("API key: sk-0123****", Output);
        Assert.DoesNotContain(Key, Output);
    }

    [Fact]
    public async Task Profiles_are_listed_chosen_and_removed()
    {
        Config("""{"current_profile":"a","profiles":{"a":{"api_key":"sk-secret-a"},"b":{"server_url":"http://b"}}}""");

        Assert.Equal(0, await RunAsync("profile", "use", "b"));
        Assert.Equal(0, await RunAsync("profile", "list", "-o", "json"));
        Assert.DoesNotContain("sk-secret", Output);
        Assert.Equal([false, true], JsonNode.Parse(Output)!.AsArray().Select(view => (bool)view!["current"]!));

        Assert.Equal(0, await RunAsync("profile", "remove", "b"));
        Assert.DoesNotContain("\"b\"", File.ReadAllText(ConfigPath));
        Assert.Equal(1, await RunAsync("profile", "use", "b"));
        Assert.Contains("no profile 'b'", Error);
        Assert.Equal(1, await RunAsync("auth", "whoami", "--profile", "b"));
    }

    [Fact]
    public async Task A_broken_config_file_is_told_and_left_alone()
    {
        Config("{broken");

        Assert.Equal(1, await RunAsync("sandbox", "list"));

        Assert.Contains(ConfigPath, Error);
        Assert.Equal("{broken", File.ReadAllText(ConfigPath));
    }

    [Theory]
    [InlineData("not a url")]
    [InlineData("ftp://host")]
    public async Task A_server_url_that_is_none_is_told(string url)
    {
        Environment["SCALEBOX_SERVER_URL"] = url;
        Environment["SCALEBOX_API_KEY"] = Key;

        Assert.Equal(1, await RunAsync("sandbox", "list"));

        Assert.Contains($"'{url}' is not an http or https URL", Error);
    }

    private void Config(string json)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ConfigPath)!);
        File.WriteAllText(ConfigPath, json);
    }

    private void Set(string name, string? value)
    {
        if (value is not null)
        {
            Environment[name] = value;
        }
    }
}
