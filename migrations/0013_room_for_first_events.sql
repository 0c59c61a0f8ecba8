-- A customer who was told of before his first event is changed by it. Where his page has room, no index is touched.
alter table customer set (fillfactor = 85);
