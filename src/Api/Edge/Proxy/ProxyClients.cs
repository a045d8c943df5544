using System.Collections.Concurrent;
using System.Text;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;

namespace Atoll.Api.Edge.Proxy;

/// <summary>
/// The HTTP clients of the proxy: one for each port of a sandbox, with connections of its own, so that nothing of one
/// sandbox is ever seen on another's. Nor does a client outlive a change of its sandbox's record: after a pause the
/// addresses that its connections lead to may be another sandbox's. A client that nobody has used for a while goes.
/// </summary>
internal sealed class ProxyClients(ISandboxAgents agents, TimeProvider time) : IDisposable
{
    /// <summary>How long a program may take to accept a connection.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(10);

    /// <summary>Less than common servers keep an idle connection, so that no request meets one that is just being closed.</summary>
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan IdleClient = TimeSpan.FromMinutes(1);

    /// <summary>In KiB.</summary>
    private const int MaxResponseHeaders = 64;

    private readonly ConcurrentDictionary<(SandboxId Id, int Port), ProxyClient> _clients = new();
    private long _swept = time.GetTimestamp();

    /// <summary>How many there are.</summary>
    public int Count => _clients.Count;

    /// <summary>Borrows the client of a port; disposing of the loan gives it back.</summary>
    /// <param name="sandbox">As it is now.</param>
    public ProxyClient Borrow(Sandbox sandbox, int port)
    {
        Sweep();
        while (true)
        {
            ProxyClient client = _clients.GetOrAdd(
                (sandbox.Id, port), (key, since) => new ProxyClient(this, key, since, NewInvoker(key.Id, key.Port)), sandbox.UpdatedAt);
            if (client.Since < sandbox.UpdatedAt)
            {
                client.Outdate();
            }
            else if (client.TryEnter())
            {
                return client;
            }
        }
    }

    public void Dispose()
    {
        foreach (ProxyClient client in _clients.Values)
        {
            client.Invoker.Dispose();
        }

        _clients.Clear();
    }

    private void Sweep()
    {
        long last = Volatile.Read(ref _swept);
        if (time.GetElapsedTime(last) < IdleClient || Interlocked.CompareExchange(ref _swept, time.GetTimestamp(), last) != last)
        {
            return;
        }

        foreach (ProxyClient client in _clients.Values.Where(client => time.GetElapsedTime(client.LastUsed) >= IdleClient))
        {
            client.TryRetire();
        }
    }

    private HttpMessageInvoker NewInvoker(SandboxId id, int port) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = ConnectTime,
        PooledConnectionIdleTimeout = IdleConnection,
        MaxResponseHeadersLength = MaxResponseHeaders,

        // What Kestrel reads as UTF-8 is written as such, and what a program writes passes byte by byte.
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ConnectCallback = async (_, cancellation) =>
        {
            IAgent agent = await agents.AgentAsync(id, cancellation);
            return await agent.ConnectAsync(port, cancellation);
        },
    });

    /// <summary>The client of one port, for as long as it is borrowed.</summary>
    /// <param name="since">When the sandbox's record last changed before the client was made.</param>
    internal sealed class ProxyClient(ProxyClients all, (SandboxId Id, int Port) key, DateTimeOffset since, HttpMessageInvoker invoker) : IDisposable
    {
        private const int Retired = -1;
        private int _borrowed;
        private bool _isUseless;

        public DateTimeOffset Since => since;

        public HttpMessageInvoker Invoker => invoker;

        public long LastUsed { get; private set; } = all.Now();

        /// <summary>Set when nothing listens on the port: the client is of no use then.</summary>
        public bool IsUseless
        {
            get => Volatile.Read(ref _isUseless);
            set => Volatile.Write(ref _isUseless, value);
        }

        public bool TryEnter()
        {
            for (int borrowed = Volatile.Read(ref _borrowed); borrowed != Retired; borrowed = Volatile.Read(ref _borrowed))
            {
                if (Interlocked.CompareExchange(ref _borrowed, borrowed + 1, borrowed) == borrowed)
                {
                    return true;
                }
            }

            return false;
        }

        public void Dispose()
        {
            LastUsed = all.Now();
            if (Interlocked.Decrement(ref _borrowed) == 0 && IsUseless)
            {
                TryRetire();
            }
        }

        /// <summary>Takes the client out of use: who has it still ends it by giving it back.</summary>
        public void Outdate()
        {
            all._clients.TryRemove(new KeyValuePair<(SandboxId, int), ProxyClient>(key, this));
            IsUseless = true;
            TryRetire();
        }

        /// <summary>Ends the client unless somebody uses it.</summary>
        public void TryRetire()
        {
            if (Interlocked.CompareExchange(ref _borrowed, Retired, 0) == 0)
            {
                all._clients.TryRemove(new KeyValuePair<(SandboxId, int), ProxyClient>(key, this));
                invoker.Dispose();
            }
        }
    }

    private long Now() => time.GetTimestamp();
}
