using System.Runtime.InteropServices;

namespace ActorSocket.Benchmarks.Load;

/// <summary>
/// The calls of libc that the load generator makes for itself: one thread that never sleeps on thousands of sockets needs no more than
/// these, and anything between it and the kernel would be measured as the server's slowness.
/// </summary>
internal static unsafe partial class Native
{
    public const int Again = 11, InProgress = 115;
    public const uint In = 0x1, Out = 0x4, Error = 0x8, HangUp = 0x10, EdgeTriggered = 1u << 31;

    private const int Stream = 1, NonBlocking = 0x800, CloseOnExec = 0x80000, Inet = 2;
    private const int Tcp = 6, NoDelay = 1, Ip = 0, BindAddressNoPort = 24, NoFile = 7;
    private const int NoSignal = 0x4000, DontWait = 0x40;

    /// <summary>The kernel packs epoll_event on x86-64 only.</summary>
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    public static readonly int EventDataOffset = EventSize - 8;

    /// <summary>
    /// Begins to connect to a port of 127.0.0.1. Source addresses rotate, because one has too few ports for tens of thousands of
    /// connections.
    /// </summary>
    public static int Connect(int port, int source)
    {
        var fd = Check(socket(Inet, Stream | NonBlocking | CloseOnExec, 0));
        var one = 1;
        Check(setsockopt(fd, Tcp, NoDelay, &one, sizeof(int)));
        Check(setsockopt(fd, Ip, BindAddressNoPort, &one, sizeof(int)));
        var from = new Address(0, (byte)(2 + (source % 8)));
        Check(bind(fd, &from, sizeof(Address)));
        var to = new Address(port, 1);
        if (connect(fd, &to, sizeof(Address)) != 0 && Marshal.GetLastPInvokeError() != InProgress)
            Check(-1);
        return fd;
    }

    /// <summary>Bytes received, 0 at the end of the stream, -1 when there is nothing.</summary>
    public static int Receive(int fd, Span<byte> buffer)
    {
        fixed (byte* at = buffer)
            return Transferred(recv(fd, at, buffer.Length, DontWait));
    }

    /// <summary>Bytes sent, or -1 when there is no room.</summary>
    public static int Send(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* at = bytes)
            return Transferred(send(fd, at, bytes.Length, DontWait | NoSignal));
    }

    public static void Close(int fd) => _ = close(fd);

    public static int CreatePoll() => Check(epoll_create1(CloseOnExec));

    public static void Watch(int poll, int fd, ulong data)
    {
        Span<byte> entry = stackalloc byte[16];
        MemoryMarshal.Write(entry, In | Out | EdgeTriggered);
        MemoryMarshal.Write(entry[EventDataOffset..], data);
        fixed (byte* at = entry)
            Check(epoll_ctl(poll, 1, fd, at));
    }

    /// <summary>What has happened, without waiting.</summary>
    public static int Poll(int poll, Span<byte> events)
    {
        fixed (byte* at = events)
            return Math.Max(epoll_wait(poll, at, events.Length / EventSize, 0), 0);
    }

    /// <summary>Raises the limit of open descriptors to what this user may have; the servers inherit it. Returns the limit.</summary>
    public static int RaiseDescriptorLimit()
    {
        Limit limit;
        Check(getrlimit(NoFile, &limit));
        limit.Soft = limit.Hard;
        Check(setrlimit(NoFile, &limit));
        return (int)Math.Min(limit.Soft, int.MaxValue);
    }

    /// <summary>
    /// Keeps every thread of this process on one core, those of the runtime too: what they do must not disturb the server's.
    /// </summary>
    public static void PinThisProcess(int core)
    {
        Span<byte> mask = stackalloc byte[128];
        mask[core / 8] = (byte)(1 << (core % 8));
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            fixed (byte* at = mask)
                _ = sched_setaffinity(
                    int.Parse(Path.GetFileName(task), System.Globalization.CultureInfo.InvariantCulture),
                    mask.Length,
                    at
                ); // a thread may have ended
        }
    }

    private static int Transferred(nint result)
    {
        if (result >= 0)
            return (int)result;
        return Marshal.GetLastPInvokeError() == Again ? -1 : Check(-1);
    }

    private static int Check(int result) =>
        result >= 0 ? result : throw new LoadFailure(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));

#pragma warning disable SA1300, CA5392, IDE1006 // the names are libc's
    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int name, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, void* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, void* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, void* buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, void* buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int poll, int operation, int fd, void* entry);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int poll, void* events, int count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, Limit* limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, Limit* limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int pid, nint length, void* mask);
#pragma warning restore SA1300, CA5392, IDE1006

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    /// <summary>sockaddr_in of 127.0.0.x.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private readonly struct Address(int port, byte host)
    {
        private readonly ushort _family = Inet;
        private readonly byte _portHigh = (byte)(port >> 8);
        private readonly byte _portLow = (byte)port;
        private readonly byte _a = 127;
        private readonly byte _b;
        private readonly byte _c;
        private readonly byte _d = host;
    }
}
