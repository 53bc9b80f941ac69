/** What a screen remembers for its next start: the menu, the outlet, what a guest had chosen. */

export interface Memory {
  /** What was remembered under a key; null when there is nothing, or nothing readable. */
  recall<T>(key: string): Promise<T | null>;
  /** Keep a value in place of the one before; a device that cannot keep goes on without. */
  remember(key: string, value: unknown): void;
}

/** The browser's local storage: small, and there in every browser. */
export const localMemory: Memory = {
  recall<T>(key: string): Promise<T | null> {
    try {
      return Promise.resolve(JSON.parse(localStorage.getItem(key) ?? "null") as T | null);
    } catch {
      return Promise.resolve(null);
    }
  },
  remember(key: string, value: unknown): void {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Only a convenience: without it the screen waits for the box when it starts.
    }
  },
};

/**
 * A table of its own in IndexedDB, where there is room for large menus. Writes of one key keep their
 * order. A database that the browser threw away is made anew with the next write.
 */
export function indexedMemory(name: string): Memory {
  let opened: Promise<IDBDatabase> | null = null;

  function open(): Promise<IDBDatabase> {
    opened ??= new Promise<IDBDatabase>((done, failed) => {
      const asked = indexedDB.open(name, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("kept");
      asked.onerror = () => failed(asked.error ?? new Error("no storage"));
      asked.onblocked = () => failed(new Error("another page holds the storage"));
      asked.onsuccess = () => {
        const database = asked.result;
        database.onclose = () => (opened = null);
        database.onversionchange = () => {
          database.close();
          opened = null;
        };
        done(database);
      };
    }).catch((fault: unknown) => {
      opened = null;
      throw fault;
    });
    return opened;
  }

  async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await open()).transaction("kept", mode).objectStore("kept");
  }

  return {
    async recall<T>(key: string): Promise<T | null> {
      try {
        const kept = await store("readonly");
        return await new Promise<T | null>((done, failed) => {
          const asked = kept.get(key);
          asked.onsuccess = () => done((asked.result as T | undefined) ?? null);
          asked.onerror = () => failed(asked.error ?? new Error("unreadable"));
        });
      } catch {
        return null;
      }
    },
    remember(key: string, value: unknown): void {
      store("readwrite").then(
        (kept) => kept.put(value, key),
        () => undefined,
      );
    },
  };
}
