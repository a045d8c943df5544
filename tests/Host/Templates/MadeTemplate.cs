using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Host.Runtimes;
using Xunit;

namespace Atoll.Host.Templates;

/// <summary>A sandbox of base that was made different, and a sandbox of the root that was made of it.</summary>
public sealed class MadeTemplate(GVisorMachine machine) : IAsyncLifetime
{
    // More than base takes.
    private const long Limit = 4L << 30;

    // Less than base: less to copy.
    private const string Change =
        """
        set -e
        python3 -c "import os; open('/root/plain', 'w').write('plain'); os.setxattr('/root/plain', 'user.kind', b'blue')"
        rm -rf /usr/share /usr/include /usr/lib/gcc /usr/lib/python3/dist-packages /usr/lib/x86_64-linux-gnu/{perl,gconv,*.a,libnode*,libicudata*,lib*san.so*}
        ln /root/plain /root/hard
        ln -s plain /root/soft
        chown 1000:1000 -h /root/soft
        cp /bin/true /root/powerful
        chmod 4755 /root/powerful
        mkdir /srv/real
        ln -s /srv/real /srv/absolute
        echo through > /srv/absolute/file
        ln -s ../../../../../../../../etc/passwd /srv/climbing
        echo lines > $'/root/new\nline'
        mkfifo /root/fifo
        mknod /root/device c 1 3 || :
        echo of-the-source > /tmp/temporary
        echo of-the-source > /run/fleeting
        mkdir -p /etc/ssh
        echo of-the-source > /etc/ssh/ssh_host_rsa_key
        echo 10.9.8.7 of-the-source >> /etc/hosts
        echo '# of-the-source' >> /etc/resolv.conf
        echo changed
        """;

    private readonly RootSource _source = new(machine);
    private IAgent? _copy;
    private TemplateId _root;

    /// <summary>Where the root is on the machine.</summary>
    internal string RootPath => machine.Roots.PathOf(_root)!;

    internal IAgent Agent => _source.Agent;

    public async Task InitializeAsync()
    {
        await _source.InitializeAsync();
        Assert.Equal("changed", (await InSourceAsync(Change)).Split('\n')[^1]);
        using MadeRoot root = await _source.Roots.CaptureAsync(_source.Id, Limit, RootSource.Soon());
        _root = root.Id;
        Assert.InRange(root.Bytes, 50L << 20, Limit);
        _copy = await _source.LaunchAsync(SandboxId.New(DateTimeOffset.UtcNow), "copy", root.Id);
    }

    public async Task DisposeAsync()
    {
        await _source.Roots.RemoveAsync(_root, CancellationToken.None);
        await _source.DisposeAsync();
    }

    internal Task<string> InSourceAsync(string command) => _source.RunAsync(command);

    internal Task<string> InCopyAsync(string command) => _copy!.RunAsync(command, RootSource.Soon());
}
