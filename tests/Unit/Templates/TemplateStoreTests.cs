using Atoll.Domain.Network;
using Atoll.Domain.Templates;
using Atoll.Node.Templates;
using Xunit;

namespace Atoll.Unit.Templates;

public sealed class TemplateStoreTests : IDisposable
{
    private static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-store-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_directory_that_does_not_exist_holds_no_template() =>
        Assert.Empty(TemplateStore.Open(Path.Combine(_directory, "absent")).List());

    [Fact]
    public void A_name_finds_the_newest_and_an_id_finds_exactly_one()
    {
        Make("tpl-a", "base", Day);
        Make("tpl-b", "base", Day.AddDays(2));
        Make("tpl-c", "base", Day.AddDays(1));
        Make("tpl-d", "other", Day.AddDays(3));

        TemplateStore store = TemplateStore.Open(_directory);
        Assert.Equal("tpl-b", store.Find("base")!.Id.Value);
        Assert.Equal("tpl-a", store.Find("tpl-a")!.Id.Value);
        Assert.Null(store.Find("tpl-z"));
        Assert.Null(store.Find("Base"));
        Assert.Equal(["tpl-d", "tpl-b", "tpl-c", "tpl-a"], store.List().Select(t => t.Id.Value));
    }

    [Fact]
    public void A_template_that_comes_while_the_store_is_open_is_found_and_one_that_goes_is_not()
    {
        TemplateStore store = TemplateStore.Open(_directory);
        Assert.Null(store.Find("base"));

        Make("tpl-a", "base", Day);
        Changed(1);
        Assert.Equal("tpl-a", store.Find("base")!.Id.Value);
        Assert.Equal(Path.Combine(_directory, "tpl-a", "rootfs"), store.RootfsPath(new TemplateId("tpl-a")));

        Directory.Delete(Path.Combine(_directory, "tpl-a"), recursive: true);
        Changed(2);
        Assert.Null(store.Find("base"));
        Assert.Empty(store.List());
    }

    /// <summary>As the kernel does it, but never within the same tick of its clock.</summary>
    private void Changed(int seconds) => Directory.SetLastWriteTimeUtc(_directory, DateTime.UtcNow.AddSeconds(seconds));

    [Fact]
    public void A_template_keeps_what_its_recipe_said()
    {
        Make("tpl-a", "base", Day);
        Template template = TemplateStore.Open(_directory).Find("base")!;
        Assert.Equal((2, 256, Day), (template.DefaultCpuCount, template.DefaultMemoryMb, template.CreatedAt));
        Assert.Equal([new PortMapping(80, 8080, PortProtocol.Tcp, "web", IsProtected: true)], template.Ports);
    }

    [Fact]
    public void A_root_is_found_by_id_only()
    {
        Make("tpl-a", "base", Day);
        TemplateStore store = TemplateStore.Open(_directory);
        Assert.Equal(Path.Combine(_directory, "tpl-a", "rootfs"), store.RootfsPath(new TemplateId("tpl-a")));
        Assert.Throws<DirectoryNotFoundException>(() => store.RootfsPath(new TemplateId("tpl-z")));
        Assert.Throws<DirectoryNotFoundException>(() => store.RootfsPath(new TemplateId("../..")));
    }

    [Fact]
    public void What_is_half_there_is_refused_with_the_reason_and_the_rest_is_served()
    {
        Make("tpl-whole", "base", Day);
        Make("tpl-rootless", "a", Day);
        Directory.Delete(Path.Combine(_directory, "tpl-rootless", "rootfs"), recursive: true);
        Make("tpl-nameless", "b", Day);
        File.Delete(Path.Combine(_directory, "tpl-nameless", "manifest.json"));
        Make("tpl-torn", "c", Day);
        File.WriteAllText(Path.Combine(_directory, "tpl-torn", "manifest.json"), "{\"id\": \"tpl-to");
        Make("tpl-foreign", "d", Day);
        File.Copy(Path.Combine(_directory, "tpl-whole", "manifest.json"), Path.Combine(_directory, "tpl-foreign", "manifest.json"), overwrite: true);
        Make("tpl-lacking", "e", Day);
        File.WriteAllText(Path.Combine(_directory, "tpl-lacking", "manifest.json"), "{\"id\": \"tpl-lacking\"}");

        TemplateStore store = TemplateStore.Open(_directory);
        Assert.Equal(["tpl-whole"], store.List().Select(t => t.Id.Value));
        Assert.Equal(
            ["tpl-foreign", "tpl-lacking", "tpl-nameless", "tpl-rootless", "tpl-torn"],
            store.Refused.Select(r => Path.GetFileName(r.Path)).Order());
        Assert.All(store.Refused, r => Assert.NotEmpty(r.Reason));
    }

    [Fact]
    public void A_build_that_is_under_way_is_not_seen()
    {
        Make(".building-tpl-a-1", "base", Day);
        TemplateStore store = TemplateStore.Open(_directory);
        Assert.Empty(store.List());
        Assert.Empty(store.Refused);
    }

    private void Make(string id, string name, DateTimeOffset created)
    {
        string directory = Path.Combine(_directory, id);
        Directory.CreateDirectory(Path.Combine(directory, "rootfs", "usr"));
        new TemplateManifest(id, name, "", "00", "11", 1, created, 2, 256, [new RecipePort(80, 8080, "web")], new Dictionary<string, string> { ["bash"] = "5" })
            .Write(directory);
    }
}
